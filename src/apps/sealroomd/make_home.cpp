#include "make_home.hpp"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <cerrno>

#include <fmt/format.h>

#include "home.hpp"
#include "software.hpp"
#include "sealroom/issuance/appliance.hpp"

namespace sealroom::daemon {
namespace {

Result<Secret> secret_in(const std::string& path) {
  const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!fd) return fail(ErrorKind::Failed, fmt::format("{}: cannot be opened: {}", path, strerror(errno)));
  return Secret::read(fd.get(), path);
}

Result<Done> make_trial_tokens(const Configuration& configuration) {
  if (configuration.trial_pins().empty()) return Done{};
  auto module = Module::load(configuration.module());
  if (!module) return pass_on(module);
  for (const auto& [label, file] : configuration.trial_pins()) {
    auto pin = secret_in(file);
    if (!pin) return pass_on(pin);
    auto so_pin = secret_in(file + ".so");
    if (!so_pin) return pass_on(so_pin);
    auto made = (*module)->initialise_token(label, *so_pin, *pin);
    if (!made) return made;
  }
  return Done{};
}

}  // namespace

Result<Done> make_home(const Configuration& configuration) {
  auto created = Ledger::create(kLedger);
  if (!created) return created;
  auto ledger = Ledger::open(kLedger, LedgerAccess::ReadWrite);
  if (!ledger) return pass_on(ledger);
  const SystemClock clock;
  auto software = own_digest();
  if (!software) return pass_on(software);
  auto change = ledger->begin({.time = clock.now(),
                               .boot_id = clock.boot_id(),
                               .boot_ms = static_cast<std::uint64_t>(clock.since_boot().count()),
                               .actor = {.uid = getuid(), .pid = getpid(), .role = "daemon"},
                               .software = *software,
                               .configuration = to_hex(configuration.digest())});
  if (!change) return pass_on(change);
  auto seq =
      change->append({.name = "log.created", .outcome = "ok", .details = {{"origin", configuration.log_origin()}}});
  if (!seq) return pass_on(seq);
  auto receipt = std::move(*change).commit();
  if (!receipt) return pass_on(receipt);
  return make_trial_tokens(configuration);
}

}  // namespace sealroom::daemon
