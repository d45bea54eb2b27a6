#include <algorithm>
#include <optional>

#include <fmt/format.h>
#include <openssl/pkcs12.h>

#include "pbe.hpp"
#include "pkcs12_octets.hpp"
#include "read_stores.hpp"
#include "sealroom/base/text.hpp"
#include "sealroom/crypto/crypto.hpp"

namespace sealroom {
namespace {

using OwnedBag = Owned<PKCS12_SAFEBAG, PKCS12_SAFEBAG_free>;
using OwnedPfx = Owned<PKCS12, PKCS12_free>;
inline void free_safes(STACK_OF(PKCS7) * safes) { sk_PKCS7_pop_free(safes, PKCS7_free); }
using OwnedSafes = Owned<STACK_OF(PKCS7), free_safes>;

constexpr std::string_view kJavaTime = "Time ";    // PKCS12KeyStore writes an entry's time into its identifier
constexpr std::int64_t kEndOfTime = 253402300799;  // 9999-12-31T23:59:59Z

std::unexpected<Error> damaged(std::string_view what) {
  openssl_errors();
  return fail(ErrorKind::Failed, fmt::format("PKCS#12 store is damaged: {}", what));
}

// One header off the front of `rest`: the contents' length; nothing where no header stands. Leaves the contents.
std::optional<std::size_t> take_header(ByteView& rest, int wanted) {
  const unsigned char* next = rest.data();
  long size = 0;
  int tag = 0;
  int type = 0;
  const int flags = ASN1_get_object(&next, &size, &tag, &type, static_cast<long>(rest.size()));
  if ((flags & 0x80) != 0 || type != V_ASN1_UNIVERSAL || tag != wanted) {
    openssl_errors();
    return std::nullopt;
  }
  rest = rest.subspan(static_cast<std::size_t>(next - rest.data()));
  if ((flags & 1) == 0) return static_cast<std::size_t>(size);
  // An indefinite length: up to the end-of-contents octets.
  return rest.size() >= 2 ? std::optional(rest.size() - 2) : std::nullopt;
}

// What the MAC does not cover and OpenSSL does not look at: RFC 7292 section 4 has version 3.
bool is_version_3(ByteView octets) {
  if (!take_header(octets, V_ASN1_SEQUENCE)) return false;
  constexpr std::uint8_t version[] = {V_ASN1_INTEGER, 1, 3};
  return octets.size() > sizeof version && equal(octets.first(sizeof version), version);
}

// What a bag says of itself.
struct Labels {
  std::string alias;
  Bytes key_id;
  std::optional<Instant> created;
  bool trusted = false;
};

std::optional<Instant> time_in(ByteView key_id) {
  const auto text = as_text(key_id);
  if (!text.starts_with(kJavaTime) || text.size() > 32) return std::nullopt;
  const auto digits = text.substr(kJavaTime.size());
  if (digits.empty() || digits.find_first_not_of("0123456789") != std::string_view::npos) return std::nullopt;
  std::int64_t seconds = 0;
  for (const char digit : digits.substr(0, digits.size() > 3 ? digits.size() - 3 : 0)) {
    seconds = seconds * 10 + (digit - '0');
    if (seconds > kEndOfTime) return std::nullopt;
  }
  return Instant(std::chrono::seconds(seconds));
}

Labels labels_of(PKCS12_SAFEBAG* bag) {
  Labels labels;
  if (char* name = PKCS12_get_friendlyname(bag)) {
    labels.alias = printable(name);
    OPENSSL_free(name);
  }
  if (const auto* id = PKCS12_SAFEBAG_get0_attr(bag, NID_localKeyID);
      id != nullptr && id->type == V_ASN1_OCTET_STRING) {
    labels.key_id = {id->value.octet_string->data, id->value.octet_string->data + id->value.octet_string->length};
    labels.created = time_in(labels.key_id);
  }
  const OwnedObject wanted(OBJ_txt2obj(kTrustedKeyUsage, 1));
  const auto* attributes = PKCS12_SAFEBAG_get0_attrs(bag);
  for (int i = 0; i < sk_X509_ATTRIBUTE_num(attributes); ++i) {
    auto* attribute = sk_X509_ATTRIBUTE_value(attributes, i);
    if (OBJ_cmp(X509_ATTRIBUTE_get0_object(attribute), wanted.get()) == 0) labels.trusted = true;
  }
  openssl_errors();
  return labels;
}

struct LooseCertificate {
  Labels labels;
  Bytes der;
  Bytes octets;
  Bytes subject;
  Bytes issuer;
  bool used = false;
};

// Pfx collects what stands in the safes, and puts keys and certificates together as Java does.
class Pfx {
 public:
  Pfx(const Secret& password, long iterations) : password_(password), budget_(iterations) {
    contents_.type = StoreType::Pkcs12;
  }

  Result<StoreContents> read(ByteView octets);

 private:
  Result<Done> check_mac(PKCS12* store);
  Result<Done> open_safe(const PKCS7* safe);
  Result<Done> read_bags(ByteView contents);
  Result<Done> take_bag(PKCS12_SAFEBAG* bag, ByteView octets);
  Result<Done> take_certificate(PKCS12_SAFEBAG* bag, ByteView octets);
  void assign_certificates();
  LooseCertificate* first_of_chain(const Bytes& key_id);

  const Secret& password_;
  IterationBudget budget_;
  StoreContents contents_;
  std::vector<Bytes> key_ids_;  // of contents_.entries, for keys
  std::vector<LooseCertificate> loose_;
};

Result<Done> Pfx::check_mac(PKCS12* store) {
  if (PKCS12_mac_present(store) != 1 || password_.empty()) return Done{};
  const X509_ALGOR* algorithm = nullptr;
  const ASN1_INTEGER* iterations = nullptr;
  PKCS12_get0_mac(nullptr, &algorithm, nullptr, &iterations, store);
  int parameters = V_ASN1_UNDEF;
  X509_ALGOR_get0(nullptr, &parameters, nullptr, algorithm);
  if (parameters != V_ASN1_NULL && parameters != V_ASN1_UNDEF) return damaged("its MAC has parameters");
  auto spent = budget_.spend(iterations);
  if (!spent) return spent;
  const auto* text = reinterpret_cast<const char*>(password_.view().data());
  if (PKCS12_verify_mac(store, text, static_cast<int>(password_.size())) != 1) {
    openssl_errors();
    return fail(ErrorKind::Failed, "PKCS#12 store's MAC does not match: wrong store password, or the file was changed");
  }
  contents_.verified = true;
  return Done{};
}

Result<Done> Pfx::open_safe(const PKCS7* safe) {
  if (PKCS7_type_is_data(safe)) {
    if (safe->d.data == nullptr) return damaged("a safe without contents");
    return read_bags({safe->d.data->data, static_cast<std::size_t>(safe->d.data->length)});
  }
  if (!PKCS7_type_is_encrypted(safe)) return damaged("a safe that no password opens");
  const auto* sealed = safe->d.encrypted == nullptr ? nullptr : safe->d.encrypted->enc_data;
  if (sealed == nullptr || sealed->enc_data == nullptr) return damaged("a safe without contents");
  if (password_.empty()) {
    contents_.closed_parts = true;
    return Done{};
  }
  auto plain = decrypt(sealed->algorithm, {sealed->enc_data->data, static_cast<std::size_t>(sealed->enc_data->length)},
                       password_, budget_);
  if (!plain) return pass_on(plain, "PKCS#12 store");
  return read_bags(plain->view());
}

Result<Done> Pfx::read_bags(ByteView contents) {
  const auto size = take_header(contents, V_ASN1_SEQUENCE);
  if (!size || *size > contents.size()) return damaged("a safe that is no sequence");
  for (contents = contents.first(*size); !contents.empty();) {
    const unsigned char* next = contents.data();
    const OwnedBag bag(d2i_PKCS12_SAFEBAG(nullptr, &next, static_cast<long>(contents.size())));
    if (!bag) return damaged("a safe's bag cannot be read");
    const auto octets = contents.first(static_cast<std::size_t>(next - contents.data()));
    contents = contents.subspan(octets.size());
    auto taken = take_bag(bag.get(), octets);
    if (!taken) return taken;
  }
  return Done{};
}

Result<Done> Pfx::take_bag(PKCS12_SAFEBAG* bag, ByteView octets) {
  switch (PKCS12_SAFEBAG_get_nid(bag)) {
    case NID_certBag: return take_certificate(bag, octets);
    case NID_keyBag: contents_.open_key = true; return Done{};
    case NID_pkcs8ShroudedKeyBag: {
      const auto* info = PKCS12_SAFEBAG_get0_pkcs8(bag);
      auto labels = labels_of(bag);
      contents_.entries.push_back(
          {labels.alias, labels.created, EntryKind::PrivateKey, der_of(info, i2d_X509_SIG), {}, copy(octets)});
      key_ids_.push_back(std::move(labels.key_id));
      return Done{};
    }
    case NID_crlBag:
    case NID_secretBag:
      contents_.entries.push_back({labels_of(bag).alias, std::nullopt, EntryKind::Other, {}, {}, copy(octets)});
      key_ids_.emplace_back();
      return Done{};
    default: return damaged("a bag of a kind that is not known");  // safes in safes could hide a key
  }
}

Result<Done> Pfx::take_certificate(PKCS12_SAFEBAG* bag, ByteView octets) {
  const OwnedX509 certificate(PKCS12_SAFEBAG_get1_cert(bag));
  if (!certificate) return damaged("a certificate bag that holds no X.509 certificate");
  auto labels = labels_of(bag);
  const Bytes der = der_of(certificate.get(), i2d_X509);
  if (labels.trusted) {
    contents_.entries.push_back({labels.alias, std::nullopt, EntryKind::TrustedCertificate, {}, {der}, copy(octets)});
    key_ids_.emplace_back();
    return Done{};
  }
  loose_.push_back({std::move(labels), der, copy(octets),
                    der_of(X509_get_subject_name(certificate.get()), i2d_X509_NAME),
                    der_of(X509_get_issuer_name(certificate.get()), i2d_X509_NAME)});
  return Done{};
}

// The certificate of a key: the one with its identifier, or where none has any, the first.
LooseCertificate* Pfx::first_of_chain(const Bytes& key_id) {
  for (auto& one : loose_) {
    if (!key_id.empty() && one.labels.key_id == key_id) return &one;
  }
  const bool none = std::ranges::all_of(loose_, [](const auto& one) { return one.labels.key_id.empty(); });
  return none && !loose_.empty() ? &loose_.front() : nullptr;
}

void Pfx::assign_certificates() {
  for (std::size_t i = 0; i < contents_.entries.size(); ++i) {
    auto& entry = contents_.entries[i];
    if (entry.kind != EntryKind::PrivateKey) continue;
    for (auto* next = first_of_chain(key_ids_[i]); next != nullptr && entry.chain.size() <= loose_.size();) {
      entry.chain.push_back(next->der);
      next->used = true;
      if (next->issuer == next->subject) break;
      const auto issuer = std::ranges::find(loose_, next->issuer, &LooseCertificate::subject);
      next = issuer == loose_.end() ? nullptr : &*issuer;
    }
  }
  for (auto& one : loose_) {
    if (one.used) continue;
    contents_.entries.push_back(
        {one.labels.alias, std::nullopt, EntryKind::Unseen, {}, {std::move(one.der)}, std::move(one.octets)});
  }
}

Result<StoreContents> Pfx::read(ByteView octets) {
  const unsigned char* next = octets.data();
  const OwnedPfx store(d2i_PKCS12(nullptr, &next, static_cast<long>(octets.size())));
  if (!store || !is_version_3(octets)) return damaged("it is not a PFX of version 3");
  if (next != octets.data() + octets.size()) return damaged("there are octets behind it");
  auto checked = check_mac(store.get());
  if (!checked) return pass_on(checked);
  const OwnedSafes safes(PKCS12_unpack_authsafes(store.get()));
  if (!safes) return damaged("its safes cannot be read");
  for (int i = 0; i < sk_PKCS7_num(safes.get()); ++i) {
    auto opened = open_safe(sk_PKCS7_value(safes.get(), i));
    if (!opened) return pass_on(opened);
  }
  assign_certificates();
  contents_.least_iterations = budget_.least();
  return std::move(contents_);
}

}  // namespace

Result<StoreContents> read_pkcs12(ByteView octets, const Secret& store_password, long iterations) {
  return Pfx(store_password, iterations).read(octets);
}

}  // namespace sealroom
