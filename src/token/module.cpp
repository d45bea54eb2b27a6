#include <dlfcn.h>
#include <sys/stat.h>

#include <fmt/format.h>

#include "answers.hpp"
#include "module_state.hpp"
#include "sealroom/base/text.hpp"
#include "slots.hpp"

namespace sealroom {
namespace {

std::string trimmed_text(const unsigned char* octets, std::size_t size) {
  return printable(trimmed({reinterpret_cast<const char*>(octets), size}));
}

std::string last_loader_error() {
  const char* text = dlerror();
  return text != nullptr ? printable(text) : "no reason given";
}

// Finds the module's functions. libp11 does this again and gets the same instance; done here first because libp11
// writes the loader's complaint to standard error and keeps none of it.
Result<Done> open_library(Module::State& state) {
  const auto name = printable(state.path);
  struct stat status{};
  if (!state.path.starts_with('/')) {
    return fail(ErrorKind::Usage, fmt::format("{}: the PKCS#11 module's path is not absolute", name));
  }
  if (stat(state.path.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) {
    return fail(ErrorKind::Token, fmt::format("{}: there is no PKCS#11 module", name),
                "install the token's PKCS#11 module, or correct its path in sealroom.yaml");
  }
  state.library = dlopen(state.path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (state.library == nullptr) {
    return fail(ErrorKind::Token, fmt::format("{}: cannot be loaded: {}", name, last_loader_error()));
  }
  const auto get = reinterpret_cast<CK_C_GetFunctionList>(dlsym(state.library, "C_GetFunctionList"));
  if (get == nullptr) {
    return fail(ErrorKind::Token, fmt::format("{}: is not a PKCS#11 module (it has no C_GetFunctionList)", name));
  }
  const CK_RV answer = get(&state.functions);
  if (answer != CKR_OK) return token_failure(name, "C_GetFunctionList", answer);
  if (state.functions == nullptr) return fail(ErrorKind::Token, fmt::format("{}: has no PKCS#11 functions", name));
  return Done{};
}

// libp11 asks for a module that locks by itself and gives up on any other. It takes one that it finds initialised, so
// that is done here first, and a module that cannot lock (CKR_CANT_LOCK) is used from one thread at a time.
Result<Done> initialise(Module::State& state) {
  CK_C_INITIALIZE_ARGS arguments{};
  arguments.flags = CKF_OS_LOCKING_OK;
  CK_RV answer = state.functions->C_Initialize(&arguments);
  if (answer == CKR_CANT_LOCK) {
    state.locks = false;
    answer = state.functions->C_Initialize(nullptr);
  }
  if (answer != CKR_OK) {
    return fail(ErrorKind::Token,
                fmt::format("{}: cannot be initialised: {}", printable(state.path), describe(answer)));
  }
  state.initialised = true;
  return Done{};
}

}  // namespace

Module::State::~State() {
  retired.clear();
  if (initialised && !context.loaded()) functions->C_Finalize(nullptr);
  context.unload();
  if (library != nullptr) dlclose(library);
}

void Module::State::release_retired() {
  if (unlocked.empty()) retired.clear();
}

Result<std::shared_ptr<Module>> Module::load(const std::string& path) {
  auto state = std::make_unique<State>();
  state->path = path;
  if (auto opened = open_library(*state); !opened) return pass_on(opened);
  if (auto begun = initialise(*state); !begun) return pass_on(begun);
  if (auto loaded = state->context.load(path); !loaded) return pass_on(loaded);
  CK_INFO info{};
  const CK_RV answer = state->functions->C_GetInfo(&info);
  if (answer != CKR_OK) return token_failure(printable(path), "C_GetInfo", answer);
  state->description = fmt::format("{}, {}, {}.{}", trimmed_text(info.manufacturerID, sizeof info.manufacturerID),
                                   trimmed_text(info.libraryDescription, sizeof info.libraryDescription),
                                   info.libraryVersion.major, info.libraryVersion.minor);
  return std::shared_ptr<Module>(new Module(std::move(state)));
}

Module::Module(std::unique_ptr<State> state) : state_(std::move(state)) {}
Module::~Module() = default;

const std::string& Module::path() const { return state_->path; }
std::string Module::description() const { return state_->description; }

Result<std::vector<TokenInfo>> Module::tokens() {
  const std::lock_guard hold(state_->mutex);
  auto slots = list_slots(state_->functions);
  if (!slots) return pass_on(slots);
  std::vector<TokenInfo> tokens;
  for (auto& slot : *slots) {
    if (slot.info.initialised) tokens.push_back(std::move(slot.info));
  }
  return tokens;
}

Result<TokenInfo> Module::find(const TokenUri& uri) {
  const std::lock_guard hold(state_->mutex);
  auto slot = find_slot(state_->functions, uri);
  if (!slot) return pass_on(slot);
  return std::move(slot->info);
}

}  // namespace sealroom
