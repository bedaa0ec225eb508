/* What the files of the JNI glue share. */
#ifndef WEFT_GLUE_H
#define WEFT_GLUE_H

#include <jni.h>
#include <weft/component.h>

/* Entries of the table: a batch, then as many packets as a link can have at most, kept ones and new ones. */
enum { GLUE_BATCH = WEFT_MAX_BATCH, GLUE_KEPT = 32768, GLUE_TABLE = GLUE_BATCH + GLUE_KEPT };

typedef struct glue glue;

/* What a handler's callbacks are handed. */
typedef struct {
    glue *glue;
    jint number;
} glue_call;

/* An attachment; its address is the handle in Java. */
struct glue {
    weft_component *component;
    weft_packet *table;
    weft_options options;
    weft_handler *handlers;
    glue_call *calls;
    char **reasons;
    char *sdk;
    jobject receiver; /* of class Calls */
    jmethodID call;
    bool broken;      /* a handler met an error that the component does not survive */
    JNIEnv *env;      /* of the call that is under way: handlers are called within it */
};

static inline glue *glue_of(jlong handle)
{
    return (glue *)(intptr_t)handle;
}

/* handlers.c */
void glue_read(weft_component *, const char *parameter, size_t length, weft_answer *, void *data);
void glue_write(weft_component *, const char *text, size_t length, weft_answer *, void *data);

/* termination.c: a descriptor that is readable once SIGTERM has come; -1 before it is caught. */
int glue_termination_fd(void);
bool glue_terminated(void);

/* strings.c: copies; NULL with an exception pending where memory is short. */
char *glue_text(JNIEnv *, jbyteArray);
void glue_throw(JNIEnv *, const char *type, const char *message);

#endif
