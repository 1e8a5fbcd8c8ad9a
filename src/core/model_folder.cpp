#include "infomtl/core/model_folder.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <vector>

#include "infomtl/core/errors.h"
#include "infomtl/core/files.h"

namespace infomtl {
namespace {

namespace fs = std::filesystem;

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

/// "models--FacebookAI--roberta-base"
std::string cache_name(const std::string& name) {
  std::string folder = "models--";
  for (const char c : name) folder += c == '/' ? std::string("--") : std::string(1, c);
  return folder;
}

/// The commit that "main" was when the model was fetched; "" where that is not written down.
std::string main_commit(const fs::path& model) {
  const fs::path file = model / "refs" / "main";
  if (!fs::is_regular_file(file)) return "";
  std::string commit = read_file(file);
  commit.erase(std::find_if(commit.begin(), commit.end(), [](unsigned char c) { return std::isxdigit(c) == 0; }),
               commit.end());
  return commit;
}

/// The snapshot to take; empty where there is none, or several and nothing says which.
fs::path snapshot_of(const fs::path& model) {
  std::error_code absent;
  if (const std::string commit = main_commit(model); !commit.empty()) {
    if (fs::path named = model / "snapshots" / commit; fs::is_directory(named, absent)) return named;
  }
  std::vector<fs::path> found;
  for (const auto& entry : fs::directory_iterator(model / "snapshots", absent)) {
    if (entry.is_directory(absent)) found.push_back(entry.path());
  }
  return found.size() == 1 ? found.front() : fs::path();
}

}  // namespace

std::string expand_home(std::string_view text) {
  if (text != "~" && !text.starts_with("~/")) return std::string(text);
  const std::string home = variable("HOME");
  if (home.empty()) throw UserError("\"" + std::string(text) + "\": HOME is not set; write the whole path");
  return home + std::string(text.substr(1));
}

fs::path hugging_face_cache() {
  if (const std::string hub = variable("HF_HUB_CACHE"); !hub.empty()) return expand_home(hub);
  if (const std::string home = variable("HF_HOME"); !home.empty()) return fs::path(expand_home(home)) / "hub";
  if (const std::string cache = variable("XDG_CACHE_HOME"); !cache.empty())
    return fs::path(cache) / "huggingface" / "hub";
  if (const std::string home = variable("HOME"); !home.empty()) {
    return fs::path(home) / ".cache" / "huggingface" / "hub";
  }
  return {};
}

bool is_model_name(std::string_view text) {
  const auto fits = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_' || c == '.' || c == '/';
  };
  if (text.empty() || text.size() > 200 || !std::all_of(text.begin(), text.end(), fits)) return false;
  if (std::count(text.begin(), text.end(), '/') > 1) return false;
  const auto begins_well = [](std::string_view part) {
    return !part.empty() && part.front() != '.' && part.front() != '-';
  };
  const std::size_t slash = text.find('/');
  return begins_well(text.substr(0, slash)) && (slash == text.npos || begins_well(text.substr(slash + 1)));
}

fs::path find_model_folder(const std::string& name, const fs::path& path) {
  std::error_code absent;
  if (fs::is_directory(path, absent) || !is_model_name(name)) return path;
  const fs::path cache = hugging_face_cache();
  if (cache.empty()) return path;
  const fs::path model = cache / cache_name(name);
  if (!fs::is_directory(model, absent)) return path;
  fs::path snapshot = snapshot_of(model);
  if (snapshot.empty()) {
    throw IoError(model.string() + ": no snapshot, or several and no refs/main that says which" + how_to_fetch(name));
  }
  if (!fs::exists(snapshot / "config.json")) {  // a link to a file that is gone does not exist either
    throw IoError(snapshot.string() + ": holds no config.json, as if its download was broken off" + how_to_fetch(name));
  }
  return snapshot;
}

fs::path find_model_folder(const std::string& name) { return find_model_folder(name, expand_home(name)); }

std::string how_to_fetch(const std::string& name) {
  return is_model_name(name)
             ? "; a model of that name on the Hugging Face hub is fetched by \"hf download " + name + "\""
             : "";
}

}  // namespace infomtl
