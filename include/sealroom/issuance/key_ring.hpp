#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "sealroom/base/error.hpp"
#include "sealroom/ledger/rows.hpp"
#include "sealroom/policy/configuration.hpp"
#include "sealroom/token/token.hpp"

namespace sealroom {

// The name under which the log key stands beside the issuers.
inline constexpr std::string_view kLogOwner = "log";

// What a private key on a token is to this appliance. Former: the log tells of it as an owner's, and another has taken its
// place since. Unknown: nobody has decided about it, so the token signs nothing.
enum class KeyStanding { Bound, Former, Foreign, Unknown };

std::string_view name_of(KeyStanding standing);  // "bound", "former", "foreign", "unknown"

struct StoredKey {
  TokenPrivateKey key;
  KeyStanding standing = KeyStanding::Unknown;
  std::string owner;  // whose it is or was, else ""
};

// What is known of one owner's key, for status. `token` is empty while the token is not present.
struct KeyState {
  std::string owner;  // an issuer, or "log"
  std::string uri;
  std::optional<TokenInfo> token;
  std::string trouble;                    // why the token cannot be used, "" when nothing is wrong
  bool unlocked = false;                  // its token is logged in
  bool usable = false;                    // and its key was read back and found right
  std::string compared = "not compared";  // how the ledger stands to what the token remembers
  std::vector<StoredKey> stored;          // the private keys on its unlocked token
};

// KeyRing holds the unlocked tokens and the keys on them, for as long as they are unlocked. Owners whose URIs name
// one token are unlocked and locked together. Used from one thread; states() may be called from any.
class KeyRing {
 public:
  KeyRing(std::shared_ptr<Module> module, const Configuration& configuration);

  Module& module() { return *module_; }

  // Every owner: the issuers in order of name, and "log".
  std::vector<std::string> owners() const;
  Result<TokenUri> uri_of(std::string_view owner) const;  // Usage when the owner is unknown

  // Logs in to the owner's token. Errors as Token::unlock. Already unlocked: Done, and the PIN is not tried.
  Result<Done> unlock(std::string_view owner, const Secret& pin, FinalTry final_try);

  // Whether the owner's unlocked token is the one that `row` speaks of, by its serial number. Errors: Token.
  Result<Done> is_token_of(const KeyRow& row);

  // Reads back the key that `row` binds to its owner; the owner's token must be unlocked. Errors: Token.
  Result<Done> load(const KeyRow& row, KeyHistory history = KeyHistory::Proven);

  void lock(std::string_view owner);
  void lock_all();

  // Owners of tokens that nothing has used since `idle` before `now`; they are locked by the caller.
  std::vector<std::string> idle(std::chrono::milliseconds now, std::chrono::seconds idle) const;
  void used(std::string_view owner, std::chrono::milliseconds now);

  bool unlocked(std::string_view owner) const;
  bool usable(std::string_view owner) const;                                  // its key was read back and found right
  std::vector<std::string> sharing_token_with(std::string_view owner) const;  // itself included

  // The owner's key. Error NeedsPerson while its token is locked, or while a key on it is unknown; Token when the key
  // was not found right.
  Result<const TokenKey*> key(std::string_view owner) const;

  // Remembers what lies on the owner's token, until it is locked.
  void remember(std::string_view owner, std::vector<StoredKey> keys);
  std::vector<StoredKey> stored(std::string_view owner) const;  // what was remembered

  // Error (NeedsPerson) while a private key on the owner's token is unknown.
  Result<Done> nothing_unknown(std::string_view owner) const;

  // The owner's unlocked token. Error NeedsPerson while it is locked.
  Result<Token*> token(std::string_view owner);

  // Every unlocked token, each once.
  std::vector<const Token*> tokens() const;

  // Remembers for states() how the ledger stood to the owner's token, until it is locked.
  void compared(std::string_view owner, std::string_view standing);

  // 32 octets of some unlocked token's generator, or nothing when none is unlocked.
  std::optional<Bytes> token_random() const;

  // Asks the module which tokens are there now and remembers the answer for states().
  void refresh();
  std::vector<KeyState> states() const;

 private:
  struct Open {
    std::unique_ptr<Token> token;
    std::chrono::milliseconds last_used{0};
    std::vector<StoredKey> stored{};
  };
  std::string token_name(std::string_view owner) const;

  std::shared_ptr<Module> module_;
  std::map<std::string, std::string, std::less<>> uris_;      // owner → URI
  std::map<std::string, std::string, std::less<>> where_;     // owner → name of its unlocked token
  std::map<std::string, Open> open_;                          // name of token → token
  std::map<std::string, std::string, std::less<>> compared_;  // owner → standing
  std::map<std::string, TokenKey, std::less<>> keys_;         // owner → key; goes before open_
  mutable std::mutex mutex_;                                  // guards states_
  std::vector<KeyState> states_;
};

}  // namespace sealroom
