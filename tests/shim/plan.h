/* What the shim does at a call: see pkcs11_shim.c for the language of plans. */
#ifndef SEALROOM_SHIM_PLAN_H
#define SEALROOM_SHIM_PLAN_H

#include <p11-kit/pkcs11.h>

enum act {
  ACT_PASS,        /* hand the call on */
  ACT_FAIL,        /* answer `code`, the module never sees the call */
  ACT_AFTER,       /* hand the call on, then answer `code` */
  ACT_HANG,        /* never return */
  ACT_KILL_BEFORE, /* SIGKILL to the process, the module never sees the call */
  ACT_KILL_AFTER,  /* hand the call on, then SIGKILL */
  ACT_CORRUPT,     /* hand the call on, then flip a bit of the signature */
  ACT_WEAKEN,      /* ask for a readable, extractable key whatever the template said */
  ACT_SET_FLAGS,   /* hand the call on, then set `code` in the token's flags */
  ACT_CLEAR_FLAGS, /* hand the call on, then clear `code` in the token's flags */
  ACT_SESSIONS,    /* hand the call on, then say that the token allows `code` sessions */
  ACT_CANT_LOCK    /* CKR_CANT_LOCK to who asks for locking while the module is not initialised */
};

struct decision {
  enum act act;
  unsigned long code;
};

/* Reads the environment again: the plan, its file, and where calls are logged; all counts start anew. */
void plan_start(void);

/* Logs the call and says what to do with it. Safe to call from several threads. */
struct decision plan_decide(const char *function);

#endif
