#include "sealroom/policy/issuer_config.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <openssl/err.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <span>
#include <utility>

#include "conf_scanner.hpp"
#include "decimal.hpp"
#include "distinguished_name.hpp"
#include "extension_section.hpp"
#include "sealroom/base/text.hpp"
#include "sealroom/crypto/crypto.hpp"

namespace sealroom {
namespace {

// What `openssl ca` reads of its section and Sealroom honours.
constexpr auto kCaKeys = std::to_array<std::string_view>({
    "private_key", "default_md", "default_days", "policy", "copy_extensions", "unique_subject", "preserve",
    "email_in_dn", "default_crl_days", "crl_extensions", "x509_extensions"});

// What it reads, too, and the ledger keeps here.
constexpr auto kKeptByLedger = std::to_array<std::string_view>({
    "dir", "certs", "crl_dir", "new_certs_dir", "database", "serial", "RANDFILE", "crlnumber", "crl", "name_opt",
    "cert_opt", "certificate"});

constexpr auto kReqKeys = std::to_array<std::string_view>({
    "distinguished_name", "string_mask", "default_bits", "default_md", "prompt", "x509_extensions"});

// What OpenSSL's programs read besides; in the default section each would take effect unseen.
constexpr auto kReadElsewhere = std::to_array<std::string_view>({
    "default_ca", "rand_serial", "default_startdate", "default_enddate", "default_crl_hours", "msie_hack", "utf8",
    "req_extensions", "attributes", "encrypt_key", "encrypt_rsa_key", "default_keyfile", "input_password",
    "output_password", "oid_file", "oid_section", "openssl_conf", "config_diagnostics", "default_email_in_dn"});

constexpr int kMaximumDays = 36'525;  // a hundred years

// Sections with a fixed use.
constexpr auto kFixed = std::to_array<std::string_view>({"default", "ca", "req"});

bool contains(std::span<const std::string_view> names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

struct FreeSectionNames {
  void operator()(STACK_OF(OPENSSL_CSTRING) * names) const { sk_OPENSSL_CSTRING_free(names); }
};

}  // namespace

class IssuerConfigReader {
 public:
  IssuerConfigReader(std::string_view file, std::string_view text) {
    config_.file_ = file;
    config_.text_ = text;
  }

  Result<IssuerConfig> read() {
    using Reading = Result<Done> (IssuerConfigReader::*)();
    for (const Reading reading : {&IssuerConfigReader::load, &IssuerConfigReader::read_ca,
                                  &IssuerConfigReader::read_numbers, &IssuerConfigReader::read_choices,
                                  &IssuerConfigReader::read_policy, &IssuerConfigReader::read_req,
                                  &IssuerConfigReader::read_own_name, &IssuerConfigReader::check_default,
                                  &IssuerConfigReader::read_extensions}) {
      if (auto done = (this->*reading)(); !done) return pass_on(done);
    }
    return std::move(config_);
  }

 private:
  std::unexpected<Error> wrong(int line, std::string_view what, std::string hint = {}) const {
    return fail(ErrorKind::Usage, fmt::format("{}: {}", conf_position(config_.file_, line), what), std::move(hint));
  }
  std::unexpected<Error> wrong(const ConfLine& line, std::string_view what, std::string hint = {}) const {
    return wrong(line.line, fmt::format("{} = {}: {}", line.key, printable(line.value), what), std::move(hint));
  }
  std::unexpected<Error> missing(const ConfSection& section, std::string_view key, std::string hint = {}) const {
    return wrong(section.line, fmt::format("section [{}] lacks {}", section.name, key), std::move(hint));
  }

  // Scans, lets OpenSSL read the same octets, and takes the values from it.
  Result<Done> load() {
    auto scanned = scan_conf(config_.file_, config_.text_);
    if (!scanned) return pass_on(scanned);
    scanned_ = std::move(*scanned);
    const OwnedBio bio(BIO_new_mem_buf(config_.text_.data(), static_cast<int>(config_.text_.size())));
    config_.conf_ = std::shared_ptr<CONF>(NCONF_new(nullptr), NCONF_free);
    if (!bio || !config_.conf_) std::abort();
    ERR_clear_error();
    long line = 0;
    if (NCONF_load_bio(config_.conf(), bio.get(), &line) != 1) {
      return wrong(static_cast<int>(line), fmt::format("OpenSSL cannot read this line: {}", openssl_errors()));
    }
    if (!same_sections()) {
      return fail(ErrorKind::Usage, config_.file_ + ": OpenSSL reads other sections than stand here");
    }
    for (ConfSection& section : scanned_.sections) {
      if (auto taken = take_values(section); !taken) return pass_on(taken);
    }
    return Done{};
  }

  bool same_sections() const {
    const std::unique_ptr<STACK_OF(OPENSSL_CSTRING), FreeSectionNames> names(NCONF_get_section_names(config_.conf()));
    if (!names) std::abort();
    int found = scanned_.find("default") == nullptr ? 1 : 0;  // NCONF always makes that one
    for (const ConfSection& section : scanned_.sections) {
      if (NCONF_get_section(config_.conf(), section.name.c_str()) == nullptr) return false;
      ++found;
    }
    return found == sk_OPENSSL_CSTRING_num(names.get());
  }

  Result<Done> take_values(ConfSection& section) {
    const auto* values = NCONF_get_section(config_.conf(), section.name.c_str());
    if (sk_CONF_VALUE_num(values) != static_cast<int>(section.lines.size())) {
      return wrong(section.line, fmt::format("OpenSSL reads other keys in [{}] than stand here", section.name));
    }
    for (int i = 0; i < sk_CONF_VALUE_num(values); ++i) {
      const CONF_VALUE* read = sk_CONF_VALUE_value(values, i);
      ConfLine& line = section.lines[static_cast<std::size_t>(i)];
      if (line.key != read->name) {
        return wrong(line.line, fmt::format("OpenSSL reads key {} where {} stands", printable(read->name), line.key));
      }
      line.value = read->value;
      if (line.value.empty()) return wrong(line.line, fmt::format("{} has no value", line.key));
      if (!std::ranges::all_of(line.value, [](char c) { return c >= 0x20 && c <= 0x7e; })) {
        return wrong(line, "value is not printable ASCII");
      }
    }
    return Done{};
  }

  // Finds the section that `line` names.
  Result<const ConfSection*> named(const ConfLine& line) {
    const ConfSection* section = std::as_const(scanned_).find(line.value);
    if (section == nullptr) return wrong(line, fmt::format("section [{}] is missing", printable(line.value)));
    return section;
  }

  // Finds the section that `line` names and takes it out of those that may hold extensions.
  Result<const ConfSection*> claim(const ConfLine& line) {
    auto section = named(line);
    if (!section) return section;
    if (contains(kFixed, line.value) || std::ranges::find(claimed_, line.value) != claimed_.end()) {
      return wrong(line, fmt::format("section [{}] has another use already", line.value));
    }
    claimed_.push_back(line.value);
    return section;
  }

  Result<Done> read_ca() {
    const ConfSection* base = std::as_const(scanned_).find("ca");
    if (base == nullptr) return fail(ErrorKind::Usage, config_.file_ + ": section [ca] is missing");
    const ConfLine* default_ca = base->find("default_ca");
    if (default_ca == nullptr) return missing(*base, "default_ca");
    for (const ConfLine& line : base->lines) {
      if (line.key != "default_ca" && line.key != "preserve") {
        return wrong(line.line, fmt::format("{} has no effect in [ca]", line.key));
      }
    }
    base_ = base;
    auto section = claim(*default_ca);
    if (!section) return pass_on(section);
    ca_ = *section;
    for (const ConfLine& line : ca_->lines) {
      if (contains(kKeptByLedger, line.key)) {
        config_.kept_by_ledger_.push_back(line.key);
      } else if (!contains(kCaKeys, line.key)) {
        return wrong(line.line, fmt::format("{} is not accepted in [{}]", line.key, ca_->name),
                     fmt::format("accepted are {} and, without effect, {}", fmt::join(kCaKeys, " "),
                                 fmt::join(kKeptByLedger, " ")));
      }
    }
    const ConfLine* key = ca_->find("private_key");
    constexpr std::string_view kForm = "pkcs11:token=LABEL;object=LABEL;type=private";
    if (key == nullptr) return missing(*ca_, "private_key", fmt::format("private_key = {}", kForm));
    if (!key->value.starts_with("pkcs11:")) {
      return wrong(*key, "not a PKCS#11 URI", fmt::format("CA keys live in tokens: {}", kForm));
    }
    config_.private_key_ = key->value;
    return Done{};
  }

  Result<int> number(const ConfLine& line, int least, int most) {
    const auto value = decimal(line.value, least, most);
    if (!value) return wrong(line, fmt::format("must be a plain number from {} to {}", least, most));
    return static_cast<int>(*value);
  }

  Result<Done> read_numbers() {
    const ConfLine* days = ca_->find("default_days");
    if (days == nullptr) return missing(*ca_, "default_days");
    const auto count = number(*days, 1, kMaximumDays);
    if (!count) return std::unexpected(count.error());
    config_.default_days_ = *count;
    if (const ConfLine* crl = ca_->find("default_crl_days")) {
      const auto crl_days = number(*crl, 1, kMaximumDays);
      if (!crl_days) return std::unexpected(crl_days.error());
      config_.default_crl_days_ = *crl_days;
    }
    return Done{};
  }

  // Sets `to` to the choice that the key's value names; leaves it alone when the key is missing.
  template <class T>
  Result<Done> choose(const ConfSection& section, std::string_view key, T& to,
                      std::initializer_list<std::pair<std::string_view, T>> choices) {
    const ConfLine* line = section.find(key);
    if (line == nullptr) return Done{};
    std::string known;
    for (const auto& [name, value] : choices) {
      if (line->value == name) {
        to = value;
        return Done{};
      }
      known += (known.empty() ? "" : ", ") + std::string(name);
    }
    return wrong(*line, "must be one of " + known);
  }

  // `openssl ca` reads preserve from [ca] and ignores it in the section that default_ca names, where the guides put it.
  Result<Done> read_preserve() {
    const ConfLine* ignored = ca_->find("preserve");
    if (ignored != nullptr && ignored->value != "no") {
      return wrong(*ignored, fmt::format("openssl ca ignores it in [{}]", ca_->name), "put it into [ca]");
    }
    return choose<Preserve>(*base_, "preserve", config_.preserve_, {{"no", Preserve::No}, {"yes", Preserve::Yes}});
  }

  Result<Done> read_choices() {
    if (ca_->find("default_md") == nullptr) return missing(*ca_, "default_md");
    auto md = choose<HashAlgorithm>(*ca_, "default_md", config_.default_md_,
                                    {{"sha256", HashAlgorithm::Sha256}, {"sha384", HashAlgorithm::Sha384},
                                     {"sha512", HashAlgorithm::Sha512}});
    if (!md) return md;
    auto copying = choose<CopyExtensions>(*ca_, "copy_extensions", config_.copy_extensions_,
                                          {{"none", CopyExtensions::None}, {"copy", CopyExtensions::SubjectAltName}});
    if (!copying) return copying;
    auto unique = choose<UniqueSubject>(*ca_, "unique_subject", config_.unique_subject_,
                                        {{"no", UniqueSubject::No}, {"yes", UniqueSubject::Yes}});
    if (!unique) return unique;
    auto preserving = read_preserve();
    if (!preserving) return preserving;
    return choose<EmailInDn>(*ca_, "email_in_dn", config_.email_in_dn_,
                             {{"no", EmailInDn::No}, {"yes", EmailInDn::Yes}});
  }

  Result<Done> read_policy() {
    const ConfLine* key = ca_->find("policy");
    if (key == nullptr) return missing(*ca_, "policy");
    auto section = claim(*key);
    if (!section) return pass_on(section);
    for (const ConfLine& line : (*section)->lines) {
      const auto oid = attribute_type_oid(line.key);
      if (!oid) return wrong(line.line, fmt::format("{} is not the name of an attribute type", line.key));
      if (std::ranges::find(config_.policy_, *oid, &PolicyField::oid) != config_.policy_.end()) {
        return wrong(line.line, fmt::format("{} stands twice in [{}] under different names", line.key, key->value));
      }
      PolicyField field{line.key, *oid, PolicyRule::Optional};
      auto rule = choose<PolicyRule>(**section, line.key, field.rule,
                                     {{"match", PolicyRule::Match}, {"supplied", PolicyRule::Supplied},
                                      {"optional", PolicyRule::Optional}});
      if (!rule) return rule;
      config_.policy_.push_back(std::move(field));
    }
    if (config_.policy_.empty()) return wrong((*section)->line, fmt::format("section [{}] is empty", key->value));
    return Done{};
  }

  Result<Done> read_req() {
    req_ = std::as_const(scanned_).find("req");
    if (req_ == nullptr) return fail(ErrorKind::Usage, config_.file_ + ": section [req] is missing");
    for (const ConfLine& line : req_->lines) {
      if (contains(kReqKeys, line.key)) continue;
      return wrong(line.line, fmt::format("{} is not accepted in [req]", line.key),
                   fmt::format("accepted are {}", fmt::join(kReqKeys, " ")));
    }
    const ConfLine* prompt = req_->find("prompt");
    if (prompt == nullptr || prompt->value != "no") {
      return wrong(prompt != nullptr ? prompt->line : req_->line, "[req] must have prompt = no",
                   "the name is read from the section that distinguished_name names, never asked for");
    }
    if (const ConfLine* bits = req_->find("default_bits")) {
      const auto count = number(*bits, 2048, 16'384);
      if (!count) return std::unexpected(count.error());
      config_.default_bits_ = static_cast<unsigned>(*count);
    }
    // `openssl req` takes SHA-256 when the key is missing; the issuer signs everything with one hash.
    const ConfLine* md = req_->find("default_md");
    if ((md != nullptr ? std::string_view(md->value) : "sha256") != name_of(config_.default_md_)) {
      return wrong(md != nullptr ? md->line : req_->line, "default_md of [req] differs from that of the CA section",
                   fmt::format("write default_md = {} in [req]", name_of(config_.default_md_)));
    }
    return Done{};
  }

  Result<Done> read_own_name() {
    unsigned long mask = B_ASN1_UTF8STRING;  // OpenSSL's own default
    if (const ConfLine* line = req_->find("string_mask")) {
      const auto known = string_mask_of(line->value);
      if (!known) return wrong(*line, "must be one of utf8only, pkix, nombstr, default");
      mask = *known;
    }
    const ConfLine* key = req_->find("distinguished_name");
    if (key == nullptr) return missing(*req_, "distinguished_name");
    auto section = claim(*key);
    if (!section) return pass_on(section);
    auto name = distinguished_name(config_.file_, **section, mask);
    if (!name) return pass_on(name);
    config_.own_name_ = std::move(*name);
    return Done{};
  }

  // The default section is where NCONF looks for every key that a section lacks; only variables may stand there.
  Result<Done> check_default() {
    const ConfSection* section = std::as_const(scanned_).find("default");
    if (section == nullptr) return Done{};
    for (const ConfLine& line : section->lines) {
      if (contains(kCaKeys, line.key) || contains(kReqKeys, line.key) || contains(kReadElsewhere, line.key)) {
        return wrong(line.line, fmt::format("{} stands outside its section", line.key),
                     "OpenSSL would take it wherever a section lacks it");
      }
      const bool used = std::ranges::any_of(scanned_.references, [&](const ConfReference& reference) {
        return reference.section == "default" && reference.key == line.key;
      });
      if (!used) return wrong(line.line, fmt::format("{} has no effect: nothing refers to it", line.key));
    }
    return Done{};
  }

  bool may_hold_extensions(const ConfSection& section) const {
    return !contains(kFixed, section.name) &&
           std::ranges::find(claimed_, section.name) == claimed_.end();
  }

  // A section that another one mentions is a part of an extension; all others are sections of extensions.
  bool is_part(const ConfSection& section) const {
    return std::ranges::any_of(scanned_.sections, [&](const ConfSection& other) {
      return &other != &section && may_hold_extensions(other) && is_mentioned(section.name, other);
    });
  }

  Result<Done> read_extensions() {
    for (const ConfSection& section : scanned_.sections) {
      if (!may_hold_extensions(section)) continue;
      if (auto good = check_extension_values(config_.file_, scanned_, section); !good) return pass_on(good);
      if (is_part(section)) continue;
      auto rights = try_extensions(config_.file_, section, config_.conf());
      if (!rights) return pass_on(rights);
      std::vector<ExtensionLine> lines;
      for (const ConfLine& line : section.lines) lines.push_back({line.key, line.value, line.line});
      config_.sections_.emplace_back(section.name, std::move(lines));
    }
    for (const ConfLine* line :
         {req_->find("x509_extensions"), ca_->find("x509_extensions"), ca_->find("crl_extensions")}) {
      if (line == nullptr || config_.has_section(line->value)) continue;
      return wrong(*line, fmt::format("section [{}] is missing or holds no extensions", printable(line->value)));
    }
    if (const ConfLine* own = req_->find("x509_extensions")) config_.own_section_ = own->value;
    return Done{};
  }

  IssuerConfig config_;
  ScannedConf scanned_;
  std::vector<std::string> claimed_;  // sections with a use of their own
  const ConfSection* base_ = nullptr;  // [ca]
  const ConfSection* ca_ = nullptr;   // the section that default_ca names
  const ConfSection* req_ = nullptr;
};

Result<IssuerConfig> IssuerConfig::parse(std::string_view file, std::string_view text) {
  return IssuerConfigReader(file, text).read();
}

bool IssuerConfig::has_section(std::string_view section) const {
  return std::ranges::find(sections_, section, &decltype(sections_)::value_type::first) != sections_.end();
}

std::vector<ExtensionLine> IssuerConfig::extensions(std::string_view section) const {
  const auto found = std::ranges::find(sections_, section, &decltype(sections_)::value_type::first);
  return found == sections_.end() ? std::vector<ExtensionLine>{} : found->second;
}

}  // namespace sealroom
