#pragma once

#include <atomic>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "sealroom/base/text.hpp"
#include "sealroom/crypto/crypto.hpp"
#include "sealroom/issuance/clock_check.hpp"
#include "sealroom/issuance/issue.hpp"
#include "sealroom/issuance/keys.hpp"
#include "sealroom/policy/read_configuration.hpp"
#include "support/openssl_requests.hpp"
#include "support/shim.hpp"
#include "support/softhsm.hpp"
#include "support/unlocked.hpp"

namespace sealroom::testing {

// The kernel's clocks, put forward: at once, or while somebody looks at them.
class TestClock final : public Clock {
 public:
  Instant now() const override {
    if (looks_left_-- == 0) ahead_ += by_;
    return kernel_.now() + std::chrono::seconds(ahead_);
  }
  std::chrono::milliseconds since_boot() const override { return kernel_.since_boot() + std::chrono::seconds(ahead_); }
  std::string boot_id() const override { return kernel_.boot_id(); }

  // By so many seconds, after so many looks at the time.
  void put_forward(int by, int looks) {
    by_ = by;
    looks_left_ = looks;
  }
  bool is_put_forward() const { return looks_left_ < 0; }

 private:
  SystemClock kernel_;
  int by_ = 0;
  mutable std::atomic<int> looks_left_ = -1;
  mutable std::atomic<int> ahead_ = 0;
};

// TestAppliance is a whole appliance in this process: the shipped issuers with P-256 keys on SoftHSM tokens behind the
// shim, unlocked, with their certificates made.
class TestAppliance {
 public:
  explicit TestAppliance(unsigned threads)
      : hsm_({"sealroom-root", "sealroom-intermediate", "sealroom-log"}),
        shim_(SoftHsm::module()),
        configuration_(must(shipped_configuration())),
        ledger_(must(new_ledger())),
        keys_(must(Module::load(SEALROOM_SHIM)), configuration_),
        appliance_{configuration_, ledger_, keys_, clock_, "test", threads} {
    const auto work = this->work();
    must(confirm_clock(work, clock_.now()));
    for (const auto* owner : {"log", "root", "intermediate"}) {
      must(unlock(work, owner, secret(SoftHsm::kPin), FinalTry::Refuse));
      must(generate_key(work, owner, {KeyType::EcP256, 256}));
    }
    must(self_sign(work, "root", "v3_ca", 3652));
    must(request_certificate(work, "intermediate"));
    must(issue_for(work, "root", "intermediate", "v3_intermediate_ca", 3650));
    must(install_chain(work, "intermediate", must(chain_issued_here(work, "intermediate")), ""));
  }

  Work work() { return {.appliance = appliance_, .actor = {.uid = 0, .pid = 0, .role = "daemon"}}; }
  const Shim& shim() const { return shim_; }
  const Ledger& ledger() const { return ledger_; }
  TestClock& clock() { return clock_; }

  // Plans certificates for `count` clients that never asked before; gives the batch.
  std::string plan_clients(std::size_t count) {
    std::vector<Found> files;
    for (std::size_t i = 0; i < count; ++i) {
      const RequestRecipe recipe{
          .key_number = number_, .subject = {{"CN", fmt::format("client {}", number_)}}, .extensions = {}};
      ++number_;
      auto request = unsigned_request(recipe);
      files.emplace_back(Submission{fmt::format("intermediate/client_cert/{:04}.csr", i),
                                    sign_request(request.get(), recipe.key, recipe.key_number)});
    }
    const Intake intake{.each_file = [&](const auto& visit) -> Result<Done> {
      for (const auto& file : files) {
        auto visited = visit(file);
        if (!visited) return visited;
      }
      return Done{};
    }};
    return must(sealroom::plan(work(), intake)).id;
  }

  // The names of the batch's log entries in their order, with the serial where there is one.
  std::vector<std::string> entries(const std::string& batch) const {
    std::vector<std::string> names;
    must(ledger_.each_line(0, must(ledger_.log_size()), batch,
                           [&](std::uint64_t, std::string_view line) -> Result<Done> {
                             const auto entry = must(log::parse_line(line));
                             names.push_back(entry.event.name + " " + entry.event.details.value("serial", ""));
                             return Done{};
                           }));
    return names;
  }

  // The serials of the batch's entries with this name, in order.
  std::vector<std::string> serials(const std::string& batch, const std::string& event) const {
    std::vector<std::string> found;
    for (const auto& entry : entries(batch)) {
      if (entry.starts_with(event + " ")) found.push_back(entry.substr(event.size() + 1));
    }
    return found;
  }

 private:
  Result<Configuration> shipped_configuration() {
    const std::string shipped = SEALROOM_SOURCE_DIR "/ceremony/issuers/";
    const auto copy_of = [&](const char* name) { return must(read_file(shipped + name, 65536)); };
    home_.write("issuers/root.cnf", as_text(copy_of("root.cnf")));
    home_.write("issuers/intermediate.cnf", as_text(copy_of("intermediate.cnf")));
    home_.write("sealroom.yaml",
                fmt::format("sealroom: 1\nmodule: {}\nlog:\n  key: \"pkcs11:token=sealroom-log;object=log-key;type="
                            "private\"\n  origin: example.com/test\n{}",
                            SEALROOM_SHIM, as_text(copy_of("profiles.yaml"))));
    return read_configuration(home_.path());
  }
  Result<Ledger> new_ledger() {
    const auto path = home_ / "ledger.db";
    must(Ledger::create(path));
    return Ledger::open(path, LedgerAccess::ReadWrite);
  }

  TemporaryDirectory home_;
  SoftHsm hsm_;
  Shim shim_;
  TestClock clock_;
  Configuration configuration_;
  Ledger ledger_;
  KeyRing keys_;
  Appliance appliance_;
  int number_ = 0;
};

}  // namespace sealroom::testing
