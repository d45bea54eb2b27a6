#define _GNU_SOURCE
#include "plan.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MAXIMUM_ENTRIES = 64, MAXIMUM_TEXT = 8192 };

struct entry {
  char function[40];
  unsigned long from, to; /* calls that it applies to, counted from 1 since the plan was read */
  unsigned long seen;
  struct decision decision;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct entry entries[MAXIMUM_ENTRIES];
static int entry_count;
static char plan_text[MAXIMUM_TEXT]; /* the plan as it was last read */
static char plan_file[4096];
static int log_fd = -1;
static unsigned long calls;

#define NAMED(name) {#name, name}
static const struct {
  const char *name;
  unsigned long code;
} codes[] = {
    NAMED(CKR_OK), NAMED(CKR_HOST_MEMORY), NAMED(CKR_SLOT_ID_INVALID), NAMED(CKR_GENERAL_ERROR),
    NAMED(CKR_FUNCTION_FAILED), NAMED(CKR_ARGUMENTS_BAD), NAMED(CKR_ATTRIBUTE_READ_ONLY),
    NAMED(CKR_ATTRIBUTE_SENSITIVE), NAMED(CKR_ATTRIBUTE_TYPE_INVALID), NAMED(CKR_ATTRIBUTE_VALUE_INVALID),
    NAMED(CKR_ACTION_PROHIBITED), NAMED(CKR_DATA_INVALID), NAMED(CKR_DATA_LEN_RANGE), NAMED(CKR_DEVICE_ERROR),
    NAMED(CKR_DEVICE_MEMORY), NAMED(CKR_DEVICE_REMOVED), NAMED(CKR_FUNCTION_CANCELED),
    NAMED(CKR_FUNCTION_NOT_SUPPORTED), NAMED(CKR_KEY_HANDLE_INVALID), NAMED(CKR_KEY_FUNCTION_NOT_PERMITTED),
    NAMED(CKR_KEY_UNEXTRACTABLE), NAMED(CKR_MECHANISM_INVALID), NAMED(CKR_OBJECT_HANDLE_INVALID),
    NAMED(CKR_OPERATION_ACTIVE), NAMED(CKR_OPERATION_NOT_INITIALIZED), NAMED(CKR_PIN_INCORRECT),
    NAMED(CKR_PIN_INVALID), NAMED(CKR_PIN_LEN_RANGE), NAMED(CKR_PIN_EXPIRED), NAMED(CKR_PIN_LOCKED),
    NAMED(CKR_SESSION_CLOSED), NAMED(CKR_SESSION_COUNT), NAMED(CKR_SESSION_HANDLE_INVALID),
    NAMED(CKR_SESSION_READ_ONLY), NAMED(CKR_TEMPLATE_INCOMPLETE), NAMED(CKR_TEMPLATE_INCONSISTENT),
    NAMED(CKR_TOKEN_NOT_PRESENT), NAMED(CKR_TOKEN_NOT_RECOGNIZED), NAMED(CKR_TOKEN_WRITE_PROTECTED),
    NAMED(CKR_USER_ALREADY_LOGGED_IN), NAMED(CKR_USER_NOT_LOGGED_IN), NAMED(CKR_USER_PIN_NOT_INITIALIZED),
    NAMED(CKR_RANDOM_NO_RNG), NAMED(CKR_BUFFER_TOO_SMALL), NAMED(CKR_CRYPTOKI_NOT_INITIALIZED),
};

/* A plan that is not understood would make a test pass for the wrong reason. */
static void refuse(const char *what) {
  fprintf(stderr, "sealroom-shim: plan: cannot understand '%s'\n", what);
  abort();
}

static unsigned long code_of(const char *text) {
  if (strncmp(text, "0x", 2) == 0) return strtoul(text, NULL, 16);
  for (size_t i = 0; i < sizeof codes / sizeof codes[0]; ++i) {
    if (strcmp(codes[i].name, text) == 0) return codes[i].code;
  }
  refuse(text);
  return 0;
}

static struct decision decision_of(const char *text) {
  static const struct {
    const char *name;
    struct decision decision;
  } words[] = {
      {"hang", {ACT_HANG, 0}},
      {"corrupt", {ACT_CORRUPT, 0}},
      {"kill-before", {ACT_KILL_BEFORE, 0}},
      {"kill-after", {ACT_KILL_AFTER, 0}},
      {"weaken", {ACT_WEAKEN, 0}},
      {"count-low", {ACT_SET_FLAGS, CKF_USER_PIN_COUNT_LOW}},
      {"final-try", {ACT_SET_FLAGS, CKF_USER_PIN_FINAL_TRY}},
      {"locked", {ACT_SET_FLAGS, CKF_USER_PIN_LOCKED}},
      {"uninitialised", {ACT_CLEAR_FLAGS, CKF_TOKEN_INITIALIZED}},
      {"cant-lock", {ACT_CANT_LOCK, 0}},
  };
  for (size_t i = 0; i < sizeof words / sizeof words[0]; ++i) {
    if (strcmp(words[i].name, text) == 0) return words[i].decision;
  }
  if (strncmp(text, "sessions:", 9) == 0) return (struct decision){ACT_SESSIONS, strtoul(text + 9, NULL, 10)};
  if (strncmp(text, "after:", 6) == 0) return (struct decision){ACT_AFTER, code_of(text + 6)};
  return (struct decision){ACT_FAIL, code_of(text)};
}

/* FUNCTION[:CALLS]=ACTION, where CALLS is N, N+ or *. */
static void add_entry(char *text) {
  char *action = strchr(text, '=');
  if (action == NULL || entry_count == MAXIMUM_ENTRIES) refuse(text);
  *action++ = '\0';
  struct entry *entry = &entries[entry_count++];
  memset(entry, 0, sizeof *entry);
  entry->from = 1;
  entry->to = ~0UL;
  char *which = strchr(text, ':');
  if (which != NULL) {
    *which++ = '\0';
    if (strcmp(which, "*") != 0) {
      char *rest = NULL;
      entry->from = strtoul(which, &rest, 10);
      if (rest == which || entry->from == 0 || (strcmp(rest, "") != 0 && strcmp(rest, "+") != 0)) refuse(which);
      if (*rest == '\0') entry->to = entry->from;
    }
  }
  if (strlen(text) >= sizeof entry->function || strncmp(text, "C_", 2) != 0) refuse(text);
  memcpy(entry->function, text, strlen(text) + 1);
  entry->decision = decision_of(action);
}

static void read_plan(const char *text) {
  if (strlen(text) >= sizeof plan_text) refuse("a plan of this length");
  memcpy(plan_text, text, strlen(text) + 1);
  char copy[MAXIMUM_TEXT];
  memcpy(copy, plan_text, sizeof copy);
  entry_count = 0;
  char *next = NULL;
  for (char *word = strtok_r(copy, ", \t\n", &next); word != NULL; word = strtok_r(NULL, ", \t\n", &next)) {
    add_entry(word);
  }
}

static void read_plan_file(void) {
  char text[MAXIMUM_TEXT] = "";
  const int fd = open(plan_file, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return;
  const ssize_t size = read(fd, text, sizeof text - 1);
  close(fd);
  if (size < 0) return;
  text[size] = '\0';
  if (strcmp(text, plan_text) != 0) read_plan(text);
}

void plan_start(void) {
  pthread_mutex_lock(&lock);
  const char *text = getenv("SEALROOM_SHIM_PLAN");
  const char *file = getenv("SEALROOM_SHIM_PLAN_FILE");
  const char *log = getenv("SEALROOM_SHIM_COUNTS");
  calls = 0;
  plan_file[0] = '\0';
  if (file != NULL && strlen(file) < sizeof plan_file) memcpy(plan_file, file, strlen(file) + 1);
  read_plan(text != NULL ? text : "");
  if (log_fd >= 0) close(log_fd);
  log_fd = log == NULL ? -1 : open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  pthread_mutex_unlock(&lock);
}

struct decision plan_decide(const char *function) {
  struct decision decision = {ACT_PASS, 0};
  pthread_mutex_lock(&lock);
  char line[80];
  const int size = snprintf(line, sizeof line, "%lu %s\n", ++calls, function);
  if (log_fd >= 0 && write(log_fd, line, (size_t)size) != size) refuse("a full disk");
  if (plan_file[0] != '\0') read_plan_file();
  for (int i = 0; i < entry_count; ++i) {
    struct entry *entry = &entries[i];
    if (strcmp(entry->function, function) != 0) continue;
    ++entry->seen;
    if (decision.act == ACT_PASS && entry->seen >= entry->from && entry->seen <= entry->to) decision = entry->decision;
  }
  pthread_mutex_unlock(&lock);
  return decision;
}
