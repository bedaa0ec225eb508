/* Attaching, attaching again, leaving. */
#include <stdlib.h>

#include "glue.h"

enum { ACCESS_READ = 1, ACCESS_WRITE = 2, ACCESS_PARAMETER = 4, ACCESS_CALL = 8 };
enum { NAMES, UNITS, HELPS, LIMITS };
static const char LINK_EXCEPTION[] = "dev/weft/component/LinkException";

static void release(JNIEnv *env, glue *self)
{
    for (size_t i = 0; i < self->options.handler_count; i++) {
        free((void *)self->handlers[i].name);
        free((void *)self->handlers[i].unit);
        free((void *)self->handlers[i].help);
        free((void *)self->handlers[i].limits);
    }
    for (size_t i = 0; i < self->options.reason_count; i++)
        free(self->reasons[i]);
    if (self->receiver)
        (*env)->DeleteGlobalRef(env, self->receiver);
    free(self->handlers);
    free(self->calls);
    free(self->reasons);
    free(self->sdk);
    free(self->table);
    free(self);
}

static char *text_at(JNIEnv *env, jobjectArray texts, jsize index)
{
    jbyteArray text = (jbyteArray)(*env)->GetObjectArrayElement(env, texts, index);
    char *copy = text ? glue_text(env, text) : NULL;
    (*env)->DeleteLocalRef(env, text);
    return copy;
}

/* One of a handler's texts. */
static char *text_of(JNIEnv *env, jobjectArray handlers, jsize which, jsize index)
{
    jobjectArray texts = (jobjectArray)(*env)->GetObjectArrayElement(env, handlers, which);
    char *copy = texts ? text_at(env, texts, index) : NULL;
    (*env)->DeleteLocalRef(env, texts);
    return copy;
}

static bool take_handlers(JNIEnv *env, glue *self, jobjectArray texts, const jint *kinds, jsize count)
{
    for (jsize i = 0; i < count; i++) {
        jint access = kinds[i] >> 8;
        bool call = access & ACCESS_CALL;
        self->calls[i] = (glue_call){self, i};
        self->handlers[i] = (weft_handler){
            .name = text_of(env, texts, NAMES, i), .unit = text_of(env, texts, UNITS, i),
            .help = text_of(env, texts, HELPS, i), .limits = text_of(env, texts, LIMITS, i),
            .value = (weft_value)(kinds[i] & 0xff), .read = !call && access & ACCESS_READ ? glue_read : NULL,
            .write = access & ACCESS_WRITE ? glue_write : NULL, .call = call ? glue_read : NULL,
            .takes_parameter = (access & ACCESS_PARAMETER) != 0, .data = &self->calls[i],
        };
        self->options.handler_count = (size_t)i + 1;
        if ((*env)->ExceptionCheck(env))
            return false;
    }
    return true;
}

static bool take_reasons(JNIEnv *env, glue *self, jobjectArray reasons, jsize count)
{
    for (jsize i = 0; i < count; i++) {
        self->reasons[i] = text_at(env, reasons, i);
        self->options.reason_count = (size_t)i + 1;
        if ((*env)->ExceptionCheck(env))
            return false;
    }
    return true;
}

static glue *make(JNIEnv *env, jsize handlers, jsize reasons, jobject receiver)
{
    glue *self = calloc(1, sizeof(glue));
    if (!self)
        return NULL;
    self->table = calloc(GLUE_TABLE, sizeof(weft_packet));
    self->handlers = calloc((size_t)handlers + 1, sizeof(weft_handler));
    self->calls = calloc((size_t)handlers + 1, sizeof(glue_call));
    self->reasons = calloc((size_t)reasons + 1, sizeof(char *));
    self->receiver = (*env)->NewGlobalRef(env, receiver);
    if (self->table && self->handlers && self->calls && self->reasons && self->receiver)
        return self;
    release(env, self);
    return NULL;
}

static bool find_receiver(JNIEnv *env, glue *self)
{
    jclass type = (*env)->GetObjectClass(env, self->receiver);
    self->call = (*env)->GetMethodID(env, type, "call", "(IZ[BJ)Z");
    return self->call != NULL;
}

static void take_options(glue *self, const jint numbers[5])
{
    self->options.spares = (uint16_t)numbers[0];
    self->options.large_spares = (uint16_t)numbers[1];
    self->options.features = (uint32_t)numbers[2];
    self->options.spin_us = (uint32_t)numbers[3];
    self->options.keep_port = numbers[4] != 0;
    self->options.handlers = self->handlers;
    self->options.reasons = (const char *const *)self->reasons;
    self->options.sdk = self->sdk;
}

JNIEXPORT jlong JNICALL Java_dev_weft_component_Native_attach(
    JNIEnv *env, jclass type, jobjectArray texts, jintArray kinds, jobjectArray reasons, jintArray options,
    jbyteArray sdk, jobject receiver)
{
    (void)type;
    jint numbers[5], kind[256];
    jsize handlers = (*env)->GetArrayLength(env, kinds), reason_count = (*env)->GetArrayLength(env, reasons);
    (*env)->GetIntArrayRegion(env, options, 0, 5, numbers);
    (*env)->GetIntArrayRegion(env, kinds, 0, handlers > 256 ? 256 : handlers, kind);
    if ((*env)->ExceptionCheck(env) || handlers > 256)
        return 0;
    glue *self = make(env, handlers, reason_count, receiver);
    if (!self) {
        glue_throw(env, "java/lang/OutOfMemoryError", "no memory for an attachment");
        return 0;
    }
    char error[512] = "";
    self->env = env;
    if (find_receiver(env, self) && (self->sdk = glue_text(env, sdk))
        && take_handlers(env, self, texts, kind, handlers)
        && take_reasons(env, self, reasons, reason_count)) {
        take_options(self, numbers);
        self->component = weft_attach(&self->options, -1, error, sizeof error);
        if (self->component)
            return (jlong)(intptr_t)self;
        glue_throw(env, LINK_EXCEPTION, error);
    }
    release(env, self);
    return 0;
}

JNIEXPORT void JNICALL Java_dev_weft_component_Native_reattach(JNIEnv *env, jclass type, jlong handle)
{
    (void)type;
    char error[512] = "";
    glue_of(handle)->env = env;
    if (!weft_reattach(glue_of(handle)->component, -1, error, sizeof error))
        glue_throw(env, LINK_EXCEPTION, error);
}

JNIEXPORT void JNICALL Java_dev_weft_component_Native_detach(JNIEnv *env, jclass type, jlong handle)
{
    (void)type;
    weft_detach(glue_of(handle)->component);
    release(env, glue_of(handle));
}

JNIEXPORT jstring JNICALL Java_dev_weft_component_Native_error(JNIEnv *env, jclass type, jlong handle)
{
    (void)type;
    return (*env)->NewStringUTF(env, weft_error(glue_of(handle)->component));
}
