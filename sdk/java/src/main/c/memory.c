/* Views of the library's memory. */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "glue.h"

JNIEXPORT void JNICALL Java_dev_weft_component_Native_geometry(
    JNIEnv *env, jclass type, jlong handle, jlongArray out)
{
    (void)type;
    weft_memory memory;
    weft_memory_of(glue_of(handle)->component, &memory);
    const jlong numbers[] = {
        (jlong)(intptr_t)memory.frames, (jlong)memory.frames_bytes, (jlong)(intptr_t)memory.metadata,
        memory.small_count, memory.small_stride, memory.large_count, memory.large_stride, (jlong)memory.large_base,
        memory.reserved, memory.packets, memory.inputs, memory.outputs, (jlong)(intptr_t)memory.tlvs,
    };
    (*env)->SetLongArrayRegion(env, out, 0, sizeof numbers / sizeof *numbers, numbers);
}

JNIEXPORT jobject JNICALL Java_dev_weft_component_Native_table(JNIEnv *env, jclass type, jlong handle)
{
    (void)type;
    return (*env)->NewDirectByteBuffer(env, glue_of(handle)->table, GLUE_TABLE * sizeof(weft_packet));
}

static uintptr_t page_of(jlong address)
{
    return (uintptr_t)address & ~((uintptr_t)sysconf(_SC_PAGESIZE) - 1);
}

/* mremap with an old size of 0 maps shared pages a second time. */
JNIEXPORT jlong JNICALL Java_dev_weft_component_Native_map(JNIEnv *env, jclass type, jlong address, jlong length)
{
    (void)type;
    uintptr_t page = page_of(address), inside = (uintptr_t)address - page;
    void *own = mremap((void *)page, 0, (size_t)length + inside, MREMAP_MAYMOVE);
    if (own == MAP_FAILED) {
        glue_throw(env, "dev/weft/component/LinkException", "cannot map the engine's memory a second time");
        return 0;
    }
    return (jlong)((uintptr_t)own + inside);
}

JNIEXPORT void JNICALL Java_dev_weft_component_Native_unmap(JNIEnv *env, jclass type, jlong address, jlong length)
{
    (void)env;
    (void)type;
    uintptr_t page = page_of(address);
    munmap((void *)page, (size_t)length + ((uintptr_t)address - page));
}

JNIEXPORT jobject JNICALL Java_dev_weft_component_Native_wrap(JNIEnv *env, jclass type, jlong address, jlong length)
{
    (void)type;
    return (*env)->NewDirectByteBuffer(env, (void *)(intptr_t)address, length);
}
