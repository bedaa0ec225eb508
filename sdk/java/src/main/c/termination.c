/* SIGTERM ends a component as a goodbye does: with status 0, in place of the 143 of the JVM. */
#include <errno.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "glue.h"

static volatile sig_atomic_t terminated;
static volatile sig_atomic_t termination_fd = -1;

int glue_termination_fd(void)
{
    return termination_fd;
}

bool glue_terminated(void)
{
    return terminated;
}

static void on_termination(int number)
{
    (void)number;
    int before = errno;
    const uint64_t one = 1;
    terminated = 1;
    if (write(termination_fd, &one, sizeof one) < 0)
        errno = before;
    errno = before;
}

JNIEXPORT void JNICALL Java_dev_weft_component_Native_catchTermination(JNIEnv *env, jclass type)
{
    (void)env;
    (void)type;
    if (termination_fd < 0)
        termination_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    struct sigaction action = {.sa_handler = on_termination, .sa_flags = SA_RESTART | SA_ONSTACK};
    sigemptyset(&action.sa_mask);
    if (termination_fd >= 0)
        sigaction(SIGTERM, &action, NULL);
}
