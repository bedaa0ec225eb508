/* The two mappings: checked once, so that no later access can lie outside them. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "internal.h"

static bool inside(uint64_t offset, uint64_t count, uint64_t each, uint64_t size)
{
    return offset % 16 == 0 && offset >= WF_LINK_HEAD && offset <= size && count * each <= size - offset;
}

/* What is wrong with it, or NULL. Counts and strides have 32 bits: their products do not overflow 64. */
static const char *wrong_link(const wf_welcome *welcome)
{
    if (welcome->major != WEFT_MAJOR)
        return "major version";
    if (welcome->entries < 64 || welcome->entries > 32768 || (welcome->entries & (welcome->entries - 1)))
        return "ring entries";
    if (welcome->packets == 0 || welcome->packets > welcome->entries)
        return "packet indices";
    if (!inside(welcome->ring_to, welcome->entries, sizeof(weft_packet), welcome->link_bytes)
        || !inside(welcome->ring_from, welcome->entries, sizeof(weft_packet), welcome->link_bytes))
        return "ring offset";
    if (!inside(welcome->metadata, welcome->packets, sizeof(weft_metadata), welcome->link_bytes))
        return "metadata offset";
    if ((welcome->features & WF_NSH) && !inside(welcome->tlvs, welcome->packets, WF_TLVS, welcome->link_bytes))
        return "context headers offset";
    return NULL;
}

static const char *wrong_frames(const wf_welcome *welcome)
{
    uint64_t small = (uint64_t)welcome->small_count * welcome->small_stride;
    uint64_t large = (uint64_t)welcome->large_count * welcome->large_stride;
    if ((uint64_t)welcome->small_count + welcome->large_count > UINT32_MAX)
        return "number of slots";
    if (welcome->reserved > UINT16_MAX || welcome->small_stride < welcome->reserved
        || welcome->large_stride < welcome->reserved)
        return "slot size";
    if (welcome->large_base > welcome->frames_bytes || small > welcome->large_base
        || large > welcome->frames_bytes - welcome->large_base)
        return "frames size";
    if (welcome->frames_bytes == 0 || welcome->frames_bytes > SIZE_MAX || welcome->link_bytes > SIZE_MAX)
        return "memory size";
    return NULL;
}

static void *map(weft_component *component, int fd, uint64_t size, const char *what)
{
    struct stat status;
    if (fstat(fd, &status) != 0 || status.st_size < 0 || (uint64_t)status.st_size < size) {
        wf_break(component, "the engine's %s memory is shorter than it said", what);
        return NULL;
    }
    void *memory = mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (memory != MAP_FAILED)
        return memory;
    wf_break(component, "cannot map the engine's %s memory: %s", what, strerror(errno));
    return NULL;
}

static void take_layout(weft_component *component, const wf_welcome *welcome)
{
    component->view = (struct weft_private){
        .frames = component->view.frames, .large_base = welcome->large_base,
        .small_count = welcome->small_count, .small_stride = welcome->small_stride,
        .slots = welcome->small_count + welcome->large_count, .large_stride = welcome->large_stride,
    };
    component->welcome = *welcome;
    component->mask = welcome->entries - 1;
    component->head = component->tail = 0;
    component->small_spares = component->large_spares = 0;
    component->ring_to = (weft_packet *)(void *)(component->link + welcome->ring_to);
    component->ring_from = (weft_packet *)(void *)(component->link + welcome->ring_from);
    component->metadata = (weft_metadata *)(void *)(component->link + welcome->metadata);
    component->tlvs = welcome->features & WF_NSH ? component->link + welcome->tlvs : NULL;
    component->generation = (uint8_t)(component->generation % WF_GENERATIONS + 1);
    component->attachment++;
}

bool wf_map(weft_component *component, const wf_welcome *welcome, const int fds[4])
{
    component->wake_fd = fds[2];
    component->engine_fd = fds[3];
    const char *wrong = wrong_link(welcome);
    if (!wrong)
        wrong = wrong_frames(welcome);
    if (wrong)
        wf_break(component, "the engine's welcome has a wrong %s", wrong);
    if (!wrong && (component->link = map(component, fds[0], welcome->link_bytes, "link")))
        component->view.frames = map(component, fds[1], welcome->frames_bytes, "frames");
    close(fds[0]);
    close(fds[1]);
    component->welcome = *welcome;
    if (component->view.frames && memcmp(component->link, "weftcmp1", 8) == 0) {
        take_layout(component, welcome);
        return true;
    }
    if (component->view.frames)
        wf_break(component, "the engine's link memory does not begin with weftcmp1");
    wf_unmap(component);
    return false;
}

static void close_once(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

/* Afterwards no slot and no record exists: packets of before lead nowhere. */
void wf_unmap(weft_component *component)
{
    if (component->link)
        munmap(component->link, (size_t)component->welcome.link_bytes);
    if (component->view.frames)
        munmap(component->view.frames, (size_t)component->welcome.frames_bytes);
    component->link = NULL;
    component->metadata = NULL;
    component->tlvs = NULL;
    component->view = (struct weft_private){0};
    component->welcome = (wf_welcome){0};
    component->small_spares = component->large_spares = 0;
    close_once(&component->wake_fd);
    close_once(&component->engine_fd);
}

void weft_memory_of(const weft_component *component, weft_memory *out)
{
    const wf_welcome *welcome = &component->welcome;
    *out = (weft_memory){
        .frames = component->view.frames, .frames_bytes = welcome->frames_bytes,
        .small_count = welcome->small_count, .small_stride = welcome->small_stride,
        .large_count = welcome->large_count, .large_stride = welcome->large_stride,
        .large_base = welcome->large_base, .reserved = welcome->reserved,
        .metadata = component->metadata, .tlvs = component->tlvs, .packets = welcome->packets,
        .inputs = welcome->inputs, .outputs = welcome->outputs,
        .wake_fd = component->wake_fd, .socket_fd = component->socket_fd,
    };
}

bool weft_slot(const weft_component *component, uint32_t slot, uint64_t *begin, uint32_t *length)
{
    const struct weft_private *view = &component->view;
    if (slot >= view->slots)
        return false;
    bool small = slot < view->small_count;
    *begin = small ? (uint64_t)slot * view->small_stride
                   : view->large_base + (uint64_t)(slot - view->small_count) * view->large_stride;
    *length = small ? view->small_stride : view->large_stride;
    return true;
}
