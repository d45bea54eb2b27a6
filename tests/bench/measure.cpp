// measure COMMAND [ARGUMENT]...: runs it, and says on file descriptor 3 how long it took and how much memory it had at
// most: "SECONDS KIB". Exits as the command does. A program of its own, because a shell's memory would be counted too.
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  const auto from = std::chrono::steady_clock::now();
  const pid_t child = fork();
  if (child == 0) {
    close(3);
    execvp(argv[1], argv + 1);
    _exit(127);
  }
  int status = 0;
  rusage usage{};
  if (child < 0 || wait4(child, &status, 0, &usage) != child) return 2;
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - from;
  dprintf(3, "%.4f %ld\n", took.count(), usage.ru_maxrss);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
