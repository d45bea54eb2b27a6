// At the end of the program it is preloaded into: says on file descriptor 9 which of the secrets stand in its writable
// memory. A secret is a line "NAME HEX" of the file $MEMORY_LOOK; what is read of it is masked here, so that this does
// not find itself.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { kMost = 8, kLongest = 64 };
struct secret {
  char name[32];
  size_t size;
  uint8_t masked[kLongest];
};
static struct secret secrets[kMost];
static int count;

__attribute__((constructor)) static void read_secrets(void) {
  const char *path = getenv("MEMORY_LOOK");
  FILE *file = path != NULL ? fopen(path, "r") : NULL;
  if (file == NULL) return;
  char line[256];
  while (count < kMost && fgets(line, sizeof line, file) != NULL) {
    struct secret *one = &secrets[count++];
    int used = 0, digits = 0;
    unsigned octet;
    if (sscanf(line, "%31s %n", one->name, &used) != 1) break;
    while (one->size < kLongest && sscanf(line + used, "%2x%n", &octet, &digits) == 1) {
      one->masked[one->size++] = (uint8_t)(octet ^ 0xa5);
      used += digits;
    }
  }
  fclose(file);
  explicit_bzero(line, sizeof line);
}

static int stands_at(const uint8_t *at, const struct secret *one) {
  for (size_t i = 0; i < one->size; ++i) {
    if ((uint8_t)(at[i] ^ 0xa5) != one->masked[i]) return 0;
  }
  return 1;
}

// Runs after the destructors of the program's own objects.
__attribute__((destructor)) static void look(void) {
  if (count == 0) return;
  FILE *maps = fopen("/proc/self/maps", "r");
  unsigned long from, to;
  char rights[8];
  int found[kMost] = {0};
  while (maps != NULL && fscanf(maps, "%lx-%lx %7s%*[^\n]", &from, &to, rights) == 3) {
    if (rights[0] != 'r' || rights[1] != 'w') continue;
    for (int i = 0; i < count; ++i) {
      const size_t size = secrets[i].size;
      for (const uint8_t *at = (const uint8_t *)from; at + size <= (const uint8_t *)to; ++at) {
        if (stands_at(at, &secrets[i])) ++found[i];
      }
    }
  }
  for (int i = 0; i < count; ++i) dprintf(9, "%s %d\n", secrets[i].name, found[i]);
}
