#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sealroom/base/bytes.hpp"
#include "sealroom/base/time.hpp"

namespace sealroom {

// A key on a token, bound to its public key. `owner` is an issuer's name or "log".
struct KeyRow {
  std::string owner;
  std::string uri;  // RFC 7512 URI without PIN
  std::string token_label;
  std::string token_serial;
  Bytes key_id;          // CKA_ID
  Bytes public_key;      // SubjectPublicKeyInfo, DER
  std::string evidence;  // canonical JSON: attributes read back, extraction attempts
  Instant created;
  std::uint64_t entry = 0;  // seq of the log entry that speaks of it
};

// "configured", "key", "requested", "active", "retired" (docs/formats.md).
struct IssuerRow {
  std::string name;
  std::string state;
  Bytes request;             // DER of its own request, may be empty
  std::vector<Bytes> chain;  // its certificate first, root last; empty until active
  std::uint64_t entry = 0;   // seq of the log entry that activated it
};

struct BatchRow {
  std::string id;  // B-YYYYMMDD-NNNN
  Instant created;
  std::uint64_t requests = 0;
  std::uint64_t accepted = 0;
  std::string ignored;  // canonical JSON array
};

// A request of a batch, refused ones included; `position` is its place in octet order of paths, from 0.
struct RequestRow {
  std::string batch;
  std::uint64_t position = 0;
  std::string path;     // octets as on the medium
  std::string name;     // output name
  std::string issuer;   // may be empty
  std::string profile;  // may be empty
  Bytes octets;         // as read; empty for what is no request
  Digest digest{};      // SHA-256 of its DER; zero when it is no request
  std::string verdict;  // canonical JSON, as in report.json without serial and state
};

struct PlanRow {
  std::string batch;
  std::string issuer;
  std::string document;
  Digest digest{};
  Instant created;
  Instant valid_until;
  std::uint64_t entry = 0;  // seq of the log entry that speaks of it
};

// States of a certificate (product contract, section 3).
enum class CertificateState { Planned, Approved, Started, Issued, Refused, Rejected, Expired, Abandoned };

std::string_view name_of(CertificateState state);
std::optional<CertificateState> certificate_state_from(std::string_view name);

struct CertificateRow {
  std::int64_t id = 0;  // given by the ledger
  std::string batch;
  std::string issuer;
  std::string profile;
  std::uint64_t request = 0;   // RequestRow::position
  std::uint64_t position = 0;  // in the plan, from 0
  std::string name;            // output name
  Digest request_digest{};
  Digest key_digest{};  // SHA-256 of the SubjectPublicKeyInfo
  Bytes serial;
  Bytes subject;
  Instant not_before;
  Instant not_after;
  Bytes to_be_signed;
  CertificateState state = CertificateState::Planned;
  std::string reason;       // finding id or words for refused, expired, abandoned
  Bytes certificate;        // DER; empty unless issued
  std::uint64_t entry = 0;  // seq of the log entry of its newest state
};

struct CheckpointRow {
  std::uint64_t size = 0;
  Digest root{};
  std::string note;  // the signed note
};

struct ExportRow {
  std::string batch;
  std::uint64_t size = 0;  // of the log at its checkpoint
  Digest content{};        // SHA-256 of the sums of everything outside audit/
};

}  // namespace sealroom
