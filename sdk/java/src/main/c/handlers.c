/* Handler calls: from the library to Calls.java, and its answers back. */
#include <stdlib.h>

#include "glue.h"

static void call(const glue_call *call, bool write, const char *text, size_t length, weft_answer *answer)
{
    JNIEnv *env = call->glue->env;
    jbyteArray bytes = (*env)->NewByteArray(env, (jsize)length);
    if (!bytes) {
        (*env)->ExceptionClear(env);
        weft_answer_fail(answer, "no memory for a value of %zu bytes", length);
        return;
    }
    (*env)->SetByteArrayRegion(env, bytes, 0, (jsize)length, (const jbyte *)text);
    call->glue->broken |= (*env)->CallBooleanMethod(env, call->glue->receiver, call->glue->call, call->number,
                                                    (jboolean)write, bytes, (jlong)(intptr_t)answer);
    (*env)->DeleteLocalRef(env, bytes);
    if (!(*env)->ExceptionCheck(env))
        return;
    (*env)->ExceptionDescribe(env);
    (*env)->ExceptionClear(env);
    weft_answer_fail(answer, "the handler could not be run");
}

void glue_read(weft_component *component, const char *parameter, size_t length, weft_answer *answer, void *data)
{
    (void)component;
    call(data, false, parameter, length, answer);
}

void glue_write(weft_component *component, const char *text, size_t length, weft_answer *answer, void *data)
{
    (void)component;
    call(data, true, text, length, answer);
}

static weft_answer *answer_of(jlong answer)
{
    return (weft_answer *)(intptr_t)answer;
}

JNIEXPORT void JNICALL Java_dev_weft_component_Native_answer(JNIEnv *env, jclass type, jlong answer, jbyteArray value)
{
    (void)type;
    jsize length = (*env)->GetArrayLength(env, value);
    jbyte *bytes = (*env)->GetByteArrayElements(env, value, NULL);
    if (!bytes)
        return;
    weft_answer_bytes(answer_of(answer), bytes, (size_t)length);
    (*env)->ReleaseByteArrayElements(env, value, bytes, JNI_ABORT);
}

JNIEXPORT void JNICALL Java_dev_weft_component_Native_answerReal(JNIEnv *env, jclass type, jlong answer, jdouble value)
{
    (void)env;
    (void)type;
    weft_answer_real(answer_of(answer), value);
}

JNIEXPORT void JNICALL Java_dev_weft_component_Native_answerFailed(
    JNIEnv *env, jclass type, jlong answer, jbyteArray message)
{
    (void)type;
    char *text = glue_text(env, message);
    if (!text)
        return;
    weft_answer_fail(answer_of(answer), "%s", text);
    free(text);
}
