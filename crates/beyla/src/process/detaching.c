/* Runs a program whose process stays a zombie for a while after its end, as the process of a real
 * Beyla does while the kernel detaches the probes.
 *
 *     detaching SECONDS FILE PROGRAM ARGUMENTS...
 *
 * A tracer outside the process group holds the process: a zombie with a tracer is shown as `Z` in
 * /proc/PID/stat, and its parent cannot reap it (ptrace(2), wait(2)). That holds after SIGKILL too,
 * which a thread that merely sleeps would not survive. The tracer lets go after SECONDS, or when
 * FILE exists, or when the directory of FILE is gone: that is the end of the test. */
#define _GNU_SOURCE
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Passes every signal on to the process, until the process has ended. */
static void follow(pid_t pid) {
    for (;;) {
        siginfo_t seen = {0};
        int status;
        if (waitid(P_PID, pid, &seen, WEXITED | WSTOPPED | WNOWAIT | __WALL) != 0) return;
        if (seen.si_code != CLD_TRAPPED && seen.si_code != CLD_STOPPED) return;
        if (waitpid(pid, &status, __WALL) != pid) return;
        int is_event = status >> 16;
        ptrace(PTRACE_CONT, pid, NULL, (void *)(long)(is_event ? 0 : WSTOPSIG(status)));
    }
}

static void hold(pid_t pid, time_t seconds, char *file, int ready) {
    setsid();
    if (ptrace(PTRACE_SEIZE, pid, NULL, NULL) != 0) perror("cannot hold the process");
    close(ready);
    follow(pid);
    char *dir = dirname(strdup(file));
    time_t end = time(NULL) + seconds;
    struct timespec pause = {0, 10 * 1000 * 1000};
    while (time(NULL) < end && access(file, F_OK) != 0 && access(dir, F_OK) == 0)
        nanosleep(&pause, NULL);
}

int main(int argc, char **argv) {
    int ready[2];
    if (argc < 4 || pipe(ready) != 0) return 2;
    prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY, 0, 0, 0);
    pid_t pid = getpid();
    if (fork() == 0) {
        close(ready[0]);
        hold(pid, atoi(argv[1]), argv[2], ready[1]);
        _exit(0);
    }
    /* The tracer closes its end of the pipe when it holds this process. */
    char byte;
    close(ready[1]);
    (void)!read(ready[0], &byte, 1);
    close(ready[0]);
    execvp(argv[3], argv + 3);
    perror(argv[3]);
    return 127;
}
