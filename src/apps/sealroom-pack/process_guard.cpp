#include "process_guard.hpp"

#include <malloc.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>

#include <openssl/crypto.h>

namespace sealroom::pack {
namespace {

void wiping_free(void* memory, const char*, int) {
  if (memory == nullptr) return;
  explicit_bzero(memory, malloc_usable_size(memory));
  std::free(memory);
}

void* plain_allocate(std::size_t size, const char*, int) { return std::malloc(size); }

void* wiping_reallocate(void* memory, std::size_t size, const char* file, int line) {
  if (size == 0) {
    wiping_free(memory, file, line);
    return nullptr;
  }
  void* moved = std::malloc(size);
  if (moved == nullptr || memory == nullptr) return moved;
  memcpy(moved, memory, std::min(size, malloc_usable_size(memory)));
  wiping_free(memory, file, line);
  return moved;
}

}  // namespace

void guard_process() {
  // Only before OpenSSL's first allocation; after that it would refuse.
  if (CRYPTO_set_mem_functions(plain_allocate, wiping_reallocate, wiping_free) != 1) std::abort();
  CRYPTO_secure_malloc_init(std::size_t{256} * 1024, 16);
  umask(077);
  const rlimit none{0, 0};
  setrlimit(RLIMIT_CORE, &none);
  prctl(PR_SET_DUMPABLE, 0);
  signal(SIGXFSZ, SIG_IGN);
  signal(SIGPIPE, SIG_IGN);
}

[[gnu::noinline]] void wipe_stack() {
  char deep[65536];
  explicit_bzero(deep, sizeof deep);
}

}  // namespace sealroom::pack
