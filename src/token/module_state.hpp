#pragma once

#include <mutex>
#include <set>
#include <string>
#include <vector>

#include <p11-kit/pkcs11.h>

#include "libp11.hpp"
#include "sealroom/token/token.hpp"

namespace sealroom {

struct Module::State {
  std::string path;
  std::string description;
  void* library = nullptr;  // our own share of the shared object, so that `functions` outlives libp11's
  CK_FUNCTION_LIST* functions = nullptr;
  bool initialised = false;
  bool locks = true;  // it may be called from several threads at once (CKF_OS_LOCKING_OK)
  Libp11Context context;

  // Held while anybody logs in or out or a token is initialised; guards what follows.
  std::mutex mutex;
  std::set<CK_SLOT_ID> unlocked;
  std::vector<Libp11Slots> retired;

  State() = default;
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State();

  // Frees `retired` if nobody is logged in. The caller holds `mutex`.
  //
  // PKCS11_release_all_slots calls C_CloseAllSessions for every slot of its list, and closing the last session with a
  // token logs out (PKCS#11 v2.40 section 5.6): freeing the slots behind one locked token would lock all others.
  void release_retired();
};

}  // namespace sealroom
