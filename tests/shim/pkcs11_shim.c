/* A PKCS#11 module that stands before the real one and misbehaves when told to: for tests only.
 *
 * Environment, read at C_GetFunctionList and again at every C_Initialize:
 *   SEALROOM_SHIM_MODULE     path of the real module (required)
 *   SEALROOM_SHIM_PLAN       what to do at which call; nothing when unset
 *   SEALROOM_SHIM_PLAN_FILE  a file with a plan, read at every call, so that it can change while a program runs
 *                            (replace it by rename). It wins over SEALROOM_SHIM_PLAN while it exists.
 *   SEALROOM_SHIM_COUNTS     a file to which every call appends one line, "NUMBER FUNCTION", before it is handed on.
 *                            Arguments are never written, so no PIN is.
 *
 * A plan is entries separated by commas, blanks or line ends:   FUNCTION[:CALLS]=ACTION
 *   CALLS   N (the N-th call only), N+ (from the N-th on) or * (every call, also when left out),
 *           counted for each entry from 1 since the plan was read or last changed
 *   ACTION  CKR_NAME or 0xHEX        answer this; the real module never sees the call
 *                                    (C_Sign: it signs to end the operation, and the signature is thrown away)
 *           after:CKR_NAME           do it, then answer this
 *           hang                     never return
 *           kill-before, kill-after  SIGKILL to this process, before or after the real call
 *           corrupt                  C_Sign: flip one bit of the signature
 *           weaken                   C_GenerateKeyPair: CKA_SENSITIVE false, CKA_EXTRACTABLE true, whatever was asked
 *           count-low, final-try, locked   C_GetTokenInfo: set this CKF_USER_PIN_... flag, for every token
 *           uninitialised            C_GetTokenInfo: clear CKF_TOKEN_INITIALIZED, for every token
 *           sessions:N               C_GetTokenInfo: say that every token allows N sessions (ulMaxSessionCount)
 *           cant-lock                C_Initialize: answer CKR_CANT_LOCK to whoever asks for a module that locks
 * Of several entries for one call the first counts. A plan that cannot be understood aborts the program.
 *
 * Example: SEALROOM_SHIM_PLAN='C_Sign:3=CKR_DEVICE_ERROR, C_GetTokenInfo=count-low'
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <p11-kit/pkcs11.h>

#include "plan.h"

static CK_FUNCTION_LIST_PTR real;
static void *real_library;
static int initialised;

static struct decision enter(const char *function) {
  const struct decision decision = plan_decide(function);
  if (decision.act == ACT_KILL_BEFORE) kill(getpid(), SIGKILL);
  while (decision.act == ACT_HANG) pause();
  return decision;
}

static CK_RV leave(struct decision decision, CK_RV answer) {
  if (decision.act == ACT_KILL_AFTER) kill(getpid(), SIGKILL);
  return decision.act == ACT_AFTER ? decision.code : answer;
}

#define PASS(name, parameters, arguments)                       \
  static CK_RV shim_##name parameters {                         \
    const struct decision decision = enter(#name);              \
    if (decision.act == ACT_FAIL) return decision.code;         \
    return leave(decision, real->name arguments);               \
  }

PASS(C_Finalize, (CK_VOID_PTR reserved), (reserved))
PASS(C_GetInfo, (CK_INFO_PTR info), (info))
PASS(C_GetSlotList, (CK_BBOOL token_present, CK_SLOT_ID_PTR slot_list, CK_ULONG_PTR count),
     (token_present, slot_list, count))
PASS(C_GetSlotInfo, (CK_SLOT_ID slot_id, CK_SLOT_INFO_PTR info), (slot_id, info))
PASS(C_WaitForSlotEvent, (CK_FLAGS flags, CK_SLOT_ID_PTR slot, CK_VOID_PTR reserved), (flags, slot, reserved))
PASS(C_GetMechanismList, (CK_SLOT_ID slot_id, CK_MECHANISM_TYPE_PTR mechanism_list, CK_ULONG_PTR count),
     (slot_id, mechanism_list, count))
PASS(C_GetMechanismInfo, (CK_SLOT_ID slot_id, CK_MECHANISM_TYPE type, CK_MECHANISM_INFO_PTR info),
     (slot_id, type, info))
PASS(C_InitToken, (CK_SLOT_ID slot_id, CK_BYTE_PTR pin, CK_ULONG pin_len, CK_BYTE_PTR label),
     (slot_id, pin, pin_len, label))
PASS(C_InitPIN, (CK_SESSION_HANDLE session, CK_BYTE_PTR pin, CK_ULONG pin_len), (session, pin, pin_len))
PASS(C_SetPIN, (CK_SESSION_HANDLE session, CK_BYTE_PTR old_pin, CK_ULONG old_len, CK_BYTE_PTR new_pin, CK_ULONG
      new_len),
     (session, old_pin, old_len, new_pin, new_len))
PASS(C_OpenSession, (CK_SLOT_ID slot_id, CK_FLAGS flags, CK_VOID_PTR application, CK_NOTIFY notify,
      CK_SESSION_HANDLE_PTR session),
     (slot_id, flags, application, notify, session))
PASS(C_CloseSession, (CK_SESSION_HANDLE session), (session))
PASS(C_CloseAllSessions, (CK_SLOT_ID slot_id), (slot_id))
PASS(C_GetSessionInfo, (CK_SESSION_HANDLE session, CK_SESSION_INFO_PTR info), (session, info))
PASS(C_GetOperationState, (CK_SESSION_HANDLE session, CK_BYTE_PTR operation_state, CK_ULONG_PTR operation_state_len),
     (session, operation_state, operation_state_len))
PASS(C_SetOperationState, (CK_SESSION_HANDLE session, CK_BYTE_PTR operation_state, CK_ULONG operation_state_len,
      CK_OBJECT_HANDLE encryption_key, CK_OBJECT_HANDLE authentiation_key),
     (session, operation_state, operation_state_len, encryption_key, authentiation_key))
PASS(C_Login, (CK_SESSION_HANDLE session, CK_USER_TYPE user_type, CK_BYTE_PTR pin, CK_ULONG pin_len),
     (session, user_type, pin, pin_len))
PASS(C_Logout, (CK_SESSION_HANDLE session), (session))
PASS(C_CreateObject, (CK_SESSION_HANDLE session, CK_ATTRIBUTE_PTR templ, CK_ULONG count, CK_OBJECT_HANDLE_PTR object),
     (session, templ, count, object))
PASS(C_CopyObject, (CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_PTR templ, CK_ULONG count,
      CK_OBJECT_HANDLE_PTR new_object),
     (session, object, templ, count, new_object))
PASS(C_DestroyObject, (CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object), (session, object))
PASS(C_GetObjectSize, (CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ULONG_PTR size), (session, object, size))
PASS(C_GetAttributeValue, (CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_PTR templ, CK_ULONG count),
     (session, object, templ, count))
PASS(C_SetAttributeValue, (CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_PTR templ, CK_ULONG count),
     (session, object, templ, count))
PASS(C_FindObjectsInit, (CK_SESSION_HANDLE session, CK_ATTRIBUTE_PTR templ, CK_ULONG count), (session, templ, count))
PASS(C_FindObjects, (CK_SESSION_HANDLE session, CK_OBJECT_HANDLE_PTR object, CK_ULONG max_object_count, CK_ULONG_PTR
      object_count),
     (session, object, max_object_count, object_count))
PASS(C_FindObjectsFinal, (CK_SESSION_HANDLE session), (session))
PASS(C_EncryptInit, (CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE key),
     (session, mechanism, key))
PASS(C_Encrypt, (CK_SESSION_HANDLE session, CK_BYTE_PTR data, CK_ULONG data_len, CK_BYTE_PTR encrypted_data,
      CK_ULONG_PTR encrypted_data_len),
     (session, data, data_len, encrypted_data, encrypted_data_len))
PASS(C_EncryptUpdate, (CK_SESSION_HANDLE session, CK_BYTE_PTR part, CK_ULONG part_len, CK_BYTE_PTR encrypted_part,
      CK_ULONG_PTR encrypted_part_len),
     (session, part, part_len, encrypted_part, encrypted_part_len))
PASS(C_EncryptFinal, (CK_SESSION_HANDLE session, CK_BYTE_PTR last_encrypted_part, CK_ULONG_PTR last_encrypted_part_len),
     (session, last_encrypted_part, last_encrypted_part_len))
PASS(C_DecryptInit, (CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE key),
     (session, mechanism, key))
PASS(C_Decrypt, (CK_SESSION_HANDLE session, CK_BYTE_PTR encrypted_data, CK_ULONG encrypted_data_len, CK_BYTE_PTR data,
      CK_ULONG_PTR data_len),
     (session, encrypted_data, encrypted_data_len, data, data_len))
PASS(C_DecryptUpdate, (CK_SESSION_HANDLE session, CK_BYTE_PTR encrypted_part, CK_ULONG encrypted_part_len, CK_BYTE_PTR
      part, CK_ULONG_PTR part_len),
     (session, encrypted_part, encrypted_part_len, part, part_len))
PASS(C_DecryptFinal, (CK_SESSION_HANDLE session, CK_BYTE_PTR last_part, CK_ULONG_PTR last_part_len),
     (session, last_part, last_part_len))
PASS(C_DigestInit, (CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism), (session, mechanism))
PASS(C_Digest, (CK_SESSION_HANDLE session, CK_BYTE_PTR data, CK_ULONG data_len, CK_BYTE_PTR digest, CK_ULONG_PTR
      digest_len),
     (session, data, data_len, digest, digest_len))
PASS(C_DigestUpdate, (CK_SESSION_HANDLE session, CK_BYTE_PTR part, CK_ULONG part_len), (session, part, part_len))
PASS(C_DigestKey, (CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key), (session, key))
PASS(C_DigestFinal, (CK_SESSION_HANDLE session, CK_BYTE_PTR digest, CK_ULONG_PTR digest_len),
     (session, digest, digest_len))
PASS(C_SignInit, (CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE key),
     (session, mechanism, key))
PASS(C_SignUpdate, (CK_SESSION_HANDLE session, CK_BYTE_PTR part, CK_ULONG part_len), (session, part, part_len))
PASS(C_SignFinal, (CK_SESSION_HANDLE session, CK_BYTE_PTR signature, CK_ULONG_PTR signature_len),
     (session, signature, signature_len))
PASS(C_SignRecoverInit, (CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE key),
     (session, mechanism, key))
PASS(C_SignRecover, (CK_SESSION_HANDLE session, CK_BYTE_PTR data, CK_ULONG data_len, CK_BYTE_PTR signature, CK_ULONG_PTR
      signature_len),
     (session, data, data_len, signature, signature_len))
PASS(C_VerifyInit, (CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE key),
     (session, mechanism, key))
PASS(C_Verify, (CK_SESSION_HANDLE session, CK_BYTE_PTR data, CK_ULONG data_len, CK_BYTE_PTR signature, CK_ULONG
      signature_len),
     (session, data, data_len, signature, signature_len))
PASS(C_VerifyUpdate, (CK_SESSION_HANDLE session, CK_BYTE_PTR part, CK_ULONG part_len), (session, part, part_len))
PASS(C_VerifyFinal, (CK_SESSION_HANDLE session, CK_BYTE_PTR signature, CK_ULONG signature_len),
     (session, signature, signature_len))
PASS(C_VerifyRecoverInit, (CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE key),
     (session, mechanism, key))
PASS(C_VerifyRecover, (CK_SESSION_HANDLE session, CK_BYTE_PTR signature, CK_ULONG signature_len, CK_BYTE_PTR data,
      CK_ULONG_PTR data_len),
     (session, signature, signature_len, data, data_len))
PASS(C_DigestEncryptUpdate, (CK_SESSION_HANDLE session, CK_BYTE_PTR part, CK_ULONG part_len, CK_BYTE_PTR encrypted_part,
      CK_ULONG_PTR encrypted_part_len),
     (session, part, part_len, encrypted_part, encrypted_part_len))
PASS(C_DecryptDigestUpdate, (CK_SESSION_HANDLE session, CK_BYTE_PTR encrypted_part, CK_ULONG encrypted_part_len,
      CK_BYTE_PTR part, CK_ULONG_PTR part_len),
     (session, encrypted_part, encrypted_part_len, part, part_len))
PASS(C_SignEncryptUpdate, (CK_SESSION_HANDLE session, CK_BYTE_PTR part, CK_ULONG part_len, CK_BYTE_PTR encrypted_part,
      CK_ULONG_PTR encrypted_part_len),
     (session, part, part_len, encrypted_part, encrypted_part_len))
PASS(C_DecryptVerifyUpdate, (CK_SESSION_HANDLE session, CK_BYTE_PTR encrypted_part, CK_ULONG encrypted_part_len,
      CK_BYTE_PTR part, CK_ULONG_PTR part_len),
     (session, encrypted_part, encrypted_part_len, part, part_len))
PASS(C_GenerateKey, (CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism, CK_ATTRIBUTE_PTR templ, CK_ULONG count,
      CK_OBJECT_HANDLE_PTR key),
     (session, mechanism, templ, count, key))
PASS(C_WrapKey, (CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE wrapping_key, CK_OBJECT_HANDLE
      key, CK_BYTE_PTR wrapped_key, CK_ULONG_PTR wrapped_key_len),
     (session, mechanism, wrapping_key, key, wrapped_key, wrapped_key_len))
PASS(C_UnwrapKey, (CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE unwrapping_key, CK_BYTE_PTR
      wrapped_key, CK_ULONG wrapped_key_len, CK_ATTRIBUTE_PTR templ, CK_ULONG attribute_count, CK_OBJECT_HANDLE_PTR
      key),
     (session, mechanism, unwrapping_key, wrapped_key, wrapped_key_len, templ, attribute_count, key))
PASS(C_DeriveKey, (CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE base_key, CK_ATTRIBUTE_PTR
      templ, CK_ULONG attribute_count, CK_OBJECT_HANDLE_PTR key),
     (session, mechanism, base_key, templ, attribute_count, key))
PASS(C_SeedRandom, (CK_SESSION_HANDLE session, CK_BYTE_PTR seed, CK_ULONG seed_len), (session, seed, seed_len))
PASS(C_GenerateRandom, (CK_SESSION_HANDLE session, CK_BYTE_PTR random_data, CK_ULONG random_len),
     (session, random_data, random_len))
PASS(C_GetFunctionStatus, (CK_SESSION_HANDLE session), (session))
PASS(C_CancelFunction, (CK_SESSION_HANDLE session), (session))

static CK_RV shim_C_Initialize(CK_VOID_PTR init_args) {
  plan_start();
  const struct decision decision = enter("C_Initialize");
  if (decision.act == ACT_FAIL) return decision.code;
  if (decision.act == ACT_CANT_LOCK && init_args != NULL && !initialised) return CKR_CANT_LOCK;
  const CK_RV answer = real->C_Initialize(init_args);
  initialised = initialised || answer == CKR_OK;
  return leave(decision, answer);
}

static CK_RV shim_C_GetTokenInfo(CK_SLOT_ID slot_id, CK_TOKEN_INFO_PTR info) {
  const struct decision decision = enter("C_GetTokenInfo");
  if (decision.act == ACT_FAIL) return decision.code;
  const CK_RV answer = real->C_GetTokenInfo(slot_id, info);
  if (answer == CKR_OK && decision.act == ACT_SET_FLAGS) info->flags |= decision.code;
  if (answer == CKR_OK && decision.act == ACT_SESSIONS) info->ulMaxSessionCount = decision.code;
  if (answer == CKR_OK && decision.act == ACT_CLEAR_FLAGS) info->flags &= ~decision.code;
  return leave(decision, answer);
}

static CK_RV shim_C_Sign(CK_SESSION_HANDLE session, CK_BYTE_PTR data, CK_ULONG data_len, CK_BYTE_PTR signature,
                         CK_ULONG_PTR signature_len) {
  const struct decision decision = enter("C_Sign");
  if (decision.act == ACT_FAIL) {
    /* A failing C_Sign ends the operation (PKCS#11 v2.40 section 5.11); the module can only be made to end it by
     * letting it sign. */
    CK_BYTE discarded[1024];
    CK_ULONG discarded_len = sizeof discarded;
    real->C_Sign(session, data, data_len, discarded, &discarded_len);
    return decision.code;
  }
  const CK_RV answer = real->C_Sign(session, data, data_len, signature, signature_len);
  if (answer == CKR_OK && decision.act == ACT_CORRUPT && signature != NULL) signature[*signature_len / 2] ^= 1;
  return leave(decision, answer);
}

/* The private template with two attributes changed, as a token would do that ignores them. */
static CK_RV generate_weak(CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism, CK_ATTRIBUTE_PTR public_template,
                           CK_ULONG public_count, CK_ATTRIBUTE_PTR private_template, CK_ULONG private_count,
                           CK_OBJECT_HANDLE_PTR public_key, CK_OBJECT_HANDLE_PTR private_key) {
  static CK_BBOOL no = CK_FALSE, yes = CK_TRUE;
  CK_ATTRIBUTE weak[64];
  if (private_count > sizeof weak / sizeof weak[0]) return CKR_ARGUMENTS_BAD;
  memcpy(weak, private_template, private_count * sizeof weak[0]);
  for (CK_ULONG i = 0; i < private_count; ++i) {
    if (weak[i].type == CKA_SENSITIVE) weak[i].pValue = &no;
    if (weak[i].type == CKA_EXTRACTABLE) weak[i].pValue = &yes;
  }
  return real->C_GenerateKeyPair(session, mechanism, public_template, public_count, weak, private_count, public_key,
                                 private_key);
}

static CK_RV shim_C_GenerateKeyPair(CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism,
                                    CK_ATTRIBUTE_PTR public_template, CK_ULONG public_count,
                                    CK_ATTRIBUTE_PTR private_template, CK_ULONG private_count,
                                    CK_OBJECT_HANDLE_PTR public_key, CK_OBJECT_HANDLE_PTR private_key) {
  const struct decision decision = enter("C_GenerateKeyPair");
  if (decision.act == ACT_FAIL) return decision.code;
  return leave(decision, (decision.act == ACT_WEAKEN ? generate_weak : real->C_GenerateKeyPair)(
                             session, mechanism, public_template, public_count, private_template, private_count,
                             public_key, private_key));
}

static CK_FUNCTION_LIST functions = {
    {2, 40},
    shim_C_Initialize, shim_C_Finalize, shim_C_GetInfo, C_GetFunctionList, shim_C_GetSlotList, shim_C_GetSlotInfo,
    shim_C_GetTokenInfo, shim_C_GetMechanismList, shim_C_GetMechanismInfo, shim_C_InitToken, shim_C_InitPIN,
    shim_C_SetPIN, shim_C_OpenSession, shim_C_CloseSession, shim_C_CloseAllSessions, shim_C_GetSessionInfo,
    shim_C_GetOperationState, shim_C_SetOperationState, shim_C_Login, shim_C_Logout, shim_C_CreateObject,
    shim_C_CopyObject, shim_C_DestroyObject, shim_C_GetObjectSize, shim_C_GetAttributeValue,
    shim_C_SetAttributeValue, shim_C_FindObjectsInit, shim_C_FindObjects, shim_C_FindObjectsFinal,
    shim_C_EncryptInit, shim_C_Encrypt, shim_C_EncryptUpdate, shim_C_EncryptFinal, shim_C_DecryptInit,
    shim_C_Decrypt, shim_C_DecryptUpdate, shim_C_DecryptFinal, shim_C_DigestInit, shim_C_Digest,
    shim_C_DigestUpdate, shim_C_DigestKey, shim_C_DigestFinal, shim_C_SignInit, shim_C_Sign, shim_C_SignUpdate,
    shim_C_SignFinal, shim_C_SignRecoverInit, shim_C_SignRecover, shim_C_VerifyInit, shim_C_Verify,
    shim_C_VerifyUpdate, shim_C_VerifyFinal, shim_C_VerifyRecoverInit, shim_C_VerifyRecover,
    shim_C_DigestEncryptUpdate, shim_C_DecryptDigestUpdate, shim_C_SignEncryptUpdate, shim_C_DecryptVerifyUpdate,
    shim_C_GenerateKey, shim_C_GenerateKeyPair, shim_C_WrapKey, shim_C_UnwrapKey, shim_C_DeriveKey,
    shim_C_SeedRandom, shim_C_GenerateRandom, shim_C_GetFunctionStatus, shim_C_CancelFunction,
    shim_C_WaitForSlotEvent,
};

static int load_real(void) {
  const char *path = getenv("SEALROOM_SHIM_MODULE");
  if (path == NULL) {
    fprintf(stderr, "sealroom-shim: SEALROOM_SHIM_MODULE is not set\n");
    return 0;
  }
  real_library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (real_library == NULL) {
    fprintf(stderr, "sealroom-shim: %s\n", dlerror());
    return 0;
  }
  CK_C_GetFunctionList get = NULL;
  *(void **)&get = dlsym(real_library, "C_GetFunctionList");
  return get != NULL && get(&real) == CKR_OK;
}

CK_RV C_GetFunctionList(CK_FUNCTION_LIST_PTR_PTR list) {
  if (real == NULL) {
    plan_start();
    if (!load_real()) return CKR_GENERAL_ERROR;
  }
  const struct decision decision = enter("C_GetFunctionList");
  if (decision.act == ACT_FAIL) return decision.code;
  *list = &functions;
  return leave(decision, CKR_OK);
}

/* The real module goes when the shim goes, so that a later load starts from nothing. */
__attribute__((destructor)) static void unload_real(void) {
  if (real_library != NULL) dlclose(real_library);
}
