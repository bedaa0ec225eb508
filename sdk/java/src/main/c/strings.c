/* Texts and exceptions. */
#include <stdlib.h>

#include "glue.h"

void glue_throw(JNIEnv *env, const char *type, const char *message)
{
    if ((*env)->ExceptionCheck(env))
        return;
    jclass class = (*env)->FindClass(env, type);
    if (class)
        (*env)->ThrowNew(env, class, message);
}

char *glue_text(JNIEnv *env, jbyteArray text)
{
    jsize length = (*env)->GetArrayLength(env, text);
    char *copy = malloc((size_t)length + 1);
    if (!copy) {
        glue_throw(env, "java/lang/OutOfMemoryError", "no memory for a text");
        return NULL;
    }
    (*env)->GetByteArrayRegion(env, text, 0, length, (jbyte *)copy);
    copy[length] = 0;
    return copy;
}
