#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sealroom/base/bytes.hpp"
#include "sealroom/base/error.hpp"
#include "sealroom/base/json.hpp"
#include "sealroom/base/secret.hpp"
#include "sealroom/crypto/public_key.hpp"
#include "sealroom/token/token_uri.hpp"

namespace sealroom {

// What a token says of itself (CK_TOKEN_INFO, PKCS#11 v2.40 section 3.2), blanks trimmed, made printable.
struct TokenInfo {
  std::string label, serial, model, manufacturer, firmware;
  bool initialised = false;
  bool pin_count_low = false;
  bool pin_final_try = false;
  bool pin_locked = false;
};

// What a token can do for our kinds of keys (C_GetMechanismInfo).
struct TokenAbilities {
  unsigned long rsa_least = 0, rsa_most = 0;  // bits of pairs that it makes and signs with by CKM_RSA_PKCS; 0: none
  bool ec = false;                            // makes EC pairs of 256 bits, and signs with them by CKM_ECDSA
  unsigned long sessions = 0;                 // at a time; 0: it names no limit
};

// KeySpec is what key to generate: "rsa-2048", "rsa-3072", "rsa-4096", "ec-p256", "ec-p384".
struct KeySpec {
  KeyType type = KeyType::Rsa;
  unsigned bits = 4096;  // RSA only

  static Result<KeySpec> parse(std::string_view text);
  std::string text() const;
};

// Consent to use up the last try before a token locks its PIN.
enum class FinalTry { Refuse, Accept };

// Module is a loaded PKCS#11 module, shared with libp11. One per process. Everything that was made from it holds a
// share of it, so it is unloaded last, whatever the order in which its users let go.
class Module {
 public:
  // Loads and initialises the module at absolute path `path`. Errors (Token): missing, not loadable, not a PKCS#11
  // module, C_Initialize failed. A path that is not absolute is an error of kind Usage.
  static Result<std::shared_ptr<Module>> load(const std::string& path);

  Module(const Module&) = delete;
  Module& operator=(const Module&) = delete;
  ~Module();

  const std::string& path() const;
  std::string description() const;  // manufacturer, library description and version

  // Initialised tokens that are present now.
  Result<std::vector<TokenInfo>> tokens();

  // The one token that `uri` names. Errors (Token): none present, or more than one (both serials are named).
  Result<TokenInfo> find(const TokenUri& uri);

  // What the one token that `uri` names can do; opens no session. Errors (Token): as find(), or the module refused.
  Result<TokenAbilities> abilities(const TokenUri& uri);

  // Initialises an uninitialised slot as token `label` with a user PIN: for throw-away SoftHSM tokens.
  // Errors (Token): a token with this label is there, no free slot, or the module refused. Usage: `label` is not 1 to
  // 32 octets long.
  Result<Done> initialise_token(const std::string& label, const Secret& so_pin, const Secret& pin);

  struct State;

 private:
  friend class Token;
  explicit Module(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// A key that was just generated and read back.
struct GeneratedKey {
  PublicKey public_key;
  Bytes key_id;  // CKA_ID, 20 random octets
  TokenInfo token;
  Json evidence;  // attributes read back, what the token did not support, each extraction attempt and its answer
};

// Anchor is what a token remembers of the log: the size and the root of its tree at the last checkpoint that was made
// while the token was unlocked.
struct Anchor {
  std::string origin;      // the log's, printable ASCII
  std::uint64_t size = 0;  // entries, below 2^53
  Digest root{};           // RFC 6962 tree hash over them

  bool operator==(const Anchor&) const = default;
};

// A private key as it lies on a token, whoever put it there; nothing is known of its fitness.
struct TokenPrivateKey {
  std::string label;                    // CKA_LABEL, made printable
  Bytes key_id;                         // CKA_ID, may be empty
  std::string algorithm;                // "RSA 2048", "EC P-256"; "EC", "key type 0x40" when no public half tells more
  std::optional<PublicKey> public_key;  // nothing when the token cannot say, or when several bear this CKA_ID

  std::optional<Digest> digest() const { return public_key ? std::optional(public_key->digest()) : std::nullopt; }
};

// Where a key's attributes come from. Proven: CKA_LOCAL, ALWAYS_SENSITIVE and NEVER_EXTRACTABLE are true, so it was made
// on this token and never left it. Adopted: those three may be false or missing, because people have vouched for the
// key (a vendor's restored copy); no other rule is waived.
enum class KeyHistory { Proven, Adopted };

// What speaks for and against using a key whose history the token cannot prove.
struct AdoptableKey {
  PublicKey public_key;
  Bytes key_id;  // CKA_ID
  TokenInfo token;
  Json evidence;  // as of a GeneratedKey, and "unproven": the attributes that KeyHistory::Adopted waives, by name
};

// TokenKey is a private key on a token whose attributes were read back and are right: CKA_TOKEN, PRIVATE, SENSITIVE,
// SIGN, and with KeyHistory::Proven also ALWAYS_SENSITIVE, NEVER_EXTRACTABLE, LOCAL; not EXTRACTABLE, DECRYPT, UNWRAP,
// DERIVE, MODIFIABLE. Its public key is the one that was expected, and a trial signature verified. Token::key is the
// only maker.
// It works as long as its token is unlocked, and may outlive the Token and Module objects.
class TokenKey {
 public:
  TokenKey(TokenKey&&) noexcept;
  TokenKey& operator=(TokenKey&&) noexcept;
  ~TokenKey();

  const PublicKey& public_key() const;
  const Bytes& key_id() const;

  // How many threads may call sign() at once and gain by it, 1 to 16: as many as the token allows sessions (CK_TOKEN_INFO,
  // ulMaxSessionCount) beside the one that is logged in. 1 also for a module that cannot lock (CKR_CANT_LOCK): then no
  // other thread may use anything of this module while one signs.
  unsigned threads() const;

  // The signature over `message`: RSA PKCS#1 v1.5, or ECDSA as DER (RFC 3279 section 2.2.3). Two C_* calls.
  // The one function through which CA keys are used. Safe to call from several threads. Errors (Token).
  Result<Bytes> sign(ByteView message, HashAlgorithm hash) const;

  struct State;

 private:
  friend class Token;
  explicit TokenKey(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// Token is a token that is logged in (CKU_USER) through this object; destroying it logs out.
class Token {
 public:
  // Logs in with one C_Login, never repeated by itself. The PIN goes to C_Login directly and nowhere else.
  // `uri` names the token; its object part is not looked at.
  // Errors: Token for an absent, ambiguous, uninitialised or failing token, a wrong PIN ("wrong PIN", and how the
  // token's flags stand), a locked PIN; NeedsPerson when this would be the final try and `final_try` is Refuse.
  static Result<Token> unlock(const std::shared_ptr<Module>& module, const TokenUri& uri, const Secret& pin,
                              FinalTry final_try);

  Token(Token&&) noexcept;
  Token& operator=(Token&&) noexcept;
  ~Token();

  const TokenInfo& info() const;

  // Whether the token is still there and still logged in.
  bool alive() const;

  // Generates a pair by C_GenerateKeyPair with the strict template (product contract, section 8), reads every
  // attribute back, tries to extract (read the private value, wrap, copy: all must fail), and signs once.
  // Errors (Token): the label is taken, the token refused, or an attribute came back wrong: then the pair is destroyed
  // again, or said to be left behind. Usage: `label` is empty or not printable ASCII.
  Result<GeneratedKey> generate(const KeySpec& spec, const std::string& label);

  // The private key that `uri` names and whose public key is `expected`, read back as TokenKey says.
  // Errors (Token): none, more than one, another public key, an attribute that is wrong, a token with a key type that
  // libp11 cannot enumerate (Ed25519).
  Result<TokenKey> key(const TokenUri& uri, const PublicKey& expected, KeyHistory history = KeyHistory::Proven) const;

  // Examines the private key that `uri` names and whose public key is `expected`, as generate() does a new one: reads
  // its attributes back, tries to extract it, and has it sign once. Nothing is left on the token.
  // Errors (Token): as of key() with KeyHistory::Adopted, and an attempt to extract that succeeded. A key that is
  // extractable or not sensitive is always refused.
  Result<AdoptableKey> examine_for_adoption(const TokenUri& uri, const PublicKey& expected) const;

  // Every private key object on the token, of whatever type and origin, in the token's order. Errors (Token).
  Result<std::vector<TokenPrivateKey>> private_keys() const;

  // Destroys the private key with this CKA_ID and public key, and its public half. `public_key` is what digest()
  // says of it; nothing means a private key without a public half. Of a pair that was destroyed half-way the rest goes.
  // Errors (Token): there is no such key, the CKA_ID does not tell it from another, the token refuses (CKA_DESTROYABLE);
  // the message says what is left.
  Result<Done> destroy_key(const Bytes& key_id, const std::optional<Digest>& public_key) const;

  // The largest anchor on this token; nothing when there is none. An anchor is a private CKO_DATA object of
  // CKA_APPLICATION "sealroom" and CKA_LABEL "sealroom log anchor" (docs/formats.md); a value that is not complete is
  // passed over. Errors: Token when the token cannot be read; Integrity for anchors of several logs, or for two of one
  // size with different roots.
  Result<std::optional<Anchor>> anchor() const;

  // Puts `anchor` on the token in place of every other: written and read back first, then the others are destroyed, so
  // a complete one is there at every moment. It does not compare; callers do. An anchor that is there alone already is
  // left alone. Errors (Token): no room, write-protected, read back differently (then the old ones stand), an old one
  // cannot be destroyed (then the new one stands beside it).
  Result<Done> put_anchor(const Anchor& anchor) const;

  // `count` octets of the token's generator.
  Result<Bytes> random(std::size_t count) const;

  struct State;

 private:
  explicit Token(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace sealroom
