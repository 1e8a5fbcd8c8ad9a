#include "infomtl/metrics/tag_scheme.h"

#include "infomtl/core/errors.h"

namespace infomtl {

const std::vector<std::string>& tag_scheme_names() {
  static const std::vector<std::string> kNames = {"BIO", "IOB1", "BIOES", "BILOU"};
  return kNames;
}

const std::string& name_of(TagScheme scheme) { return tag_scheme_names()[static_cast<std::size_t>(scheme)]; }

TagScheme tag_scheme_named(std::string_view name) {
  const std::vector<std::string>& names = tag_scheme_names();
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i] == name) return static_cast<TagScheme>(i);
  }
  throw ConfigError("unknown tag scheme \"" + std::string(name) + "\"" + did_you_mean(name, names));
}

std::string_view prefixes_of(TagScheme scheme) {
  switch (scheme) {
    case TagScheme::bio:
    case TagScheme::iob1:
      return "BI";
    case TagScheme::bioes:
      return "BIES";
    case TagScheme::bilou:
      return "BILU";
  }
  return "BI";
}

std::vector<std::string> tag_set(TagScheme scheme, const std::vector<std::string>& types) {
  std::vector<std::string> tags = {"O"};
  for (const std::string& type : types) {
    for (const char prefix : prefixes_of(scheme)) tags.push_back(std::string(1, prefix) + "-" + type);
  }
  return tags;
}

}  // namespace infomtl
