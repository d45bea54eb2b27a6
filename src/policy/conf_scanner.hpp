#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sealroom/base/error.hpp"

namespace sealroom {

// One `key = value` of an OpenSSL configuration. The scanner leaves `value` empty: what it means, OpenSSL says.
struct ConfLine {
  std::string key;
  std::string value;
  int line = 0;
};

struct ConfSection {
  std::string name;
  int line = 0;
  std::vector<ConfLine> lines;

  const ConfLine* find(std::string_view key) const;  // nullptr when the section lacks it
};

// A `$name` in a value: the section and key that it takes.
struct ConfReference {
  std::string section;
  std::string key;
};

struct ScannedConf {
  std::vector<ConfSection> sections;  // keys above the first header are in "default"
  std::vector<ConfReference> references;

  const ConfSection* find(std::string_view section) const;
  ConfSection* find(std::string_view section);
};

// "issuers/root.cnf:21"
std::string conf_position(std::string_view file, int line);

// Scans the part of config(5ssl) that has one meaning only. NCONF reads more: it merges repeated sections, lets the
// last of repeated keys win, follows `.include`, takes `$ENV::` from the environment, lets a comment that ends in a
// backslash swallow the next line, and drops text behind "]" or an open quote. Each of these is an error here
// (Usage, with file and line), so whatever passes may be given to NCONF.
Result<ScannedConf> scan_conf(std::string_view file, std::string_view text);

}  // namespace sealroom
