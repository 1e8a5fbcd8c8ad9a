#include "layering.h"

#include <algorithm>
#include <fstream>
#include <functional>
#include <map>
#include <regex>
#include <set>
#include <stdexcept>

namespace {

/// An outside library, how its headers begin, and the rooms whose inside may include it (a door never may).
struct Confined {
  std::string library;
  std::vector<std::string> prefixes;
  std::set<std::string> rooms;
};
const std::vector<Confined> kConfined = {
    {"spdlog", {"spdlog/", "fmt/"}, {"core"}}, {"CLI11", {"CLI/"}, {"apps"}},
    {"OpenSSL", {"openssl/"}, {"core"}},       {"sentencepiece", {"sentencepiece"}, {"text"}},
    {"utf8proc", {"utf8proc"}, {"text"}},      {"GoogleTest", {"gtest/", "gmock/"}, {}},
};

bool starts_with_any(const std::string& text, const std::vector<std::string>& prefixes) {
  for (const std::string& prefix : prefixes) {
    if (text.starts_with(prefix)) return true;
  }
  return false;
}

bool is_torch(const std::string& target) { return starts_with_any(target, {"torch/", "ATen/", "c10/", "caffe2/"}); }
bool is_public(const std::string& file) { return file.starts_with("include/"); }

/// Visits every file that `file` reaches through the tree's own includes, itself first.
void visit_reachable(const SourceTree& tree, const std::string& file, std::set<std::string>& seen) {
  if (!seen.insert(file).second) return;
  for (const Include& include : tree.at(file).includes) {
    const std::string target = resolve_include(tree, file, include.target);
    if (!target.empty()) visit_reachable(tree, target, seen);
  }
}

/// An include of one of the project's own files.
void check_arrow(const Rooms& rooms, const std::string& file, const std::string& target, const std::string& where,
                 std::vector<std::string>& found) {
  const std::string from = room_of(file), to = room_of(target);
  if (!is_public(target) && (is_public(file) || from != to)) {
    found.push_back(where + "enters the inside of " + to + " (" + target + ") instead of its door");
  }
  if (to.empty()) {  // infomtl/infomtl.h gathers every door: for users and programs
    if (from != "apps") found.push_back(where + "includes the header that gathers every room");
    return;
  }
  if (from.empty() || from == to || !rooms.contains(from) || !rooms.contains(to)) return;
  if (rooms.at(to).floor >= rooms.at(from).floor) {
    found.push_back(where + from + " (floor " + std::to_string(rooms.at(from).floor) + ") includes " + to + " (floor " +
                    std::to_string(rooms.at(to).floor) + "); arrows point down");
  }
}

void check_outside_libraries(const SourceTree& tree, const Rooms& rooms, const std::string& file,
                             const Include& include, const std::string& where, std::vector<std::string>& found) {
  const std::string room = room_of(file);
  if (is_torch(include.target) && rooms.contains(room) && !rooms.at(room).torch) {
    found.push_back(where + room + " knows no torch");
  }
  for (const Confined& confined : kConfined) {
    if (!starts_with_any(include.target, confined.prefixes)) continue;
    if (is_public(file)) found.push_back(where + "a public header includes " + confined.library);
    if (!confined.rooms.contains(room)) found.push_back(where + confined.library + " does not belong in " + room);
    if (confined.library != "spdlog" && confined.library != "CLI11") continue;
    std::set<std::string> reached;
    visit_reachable(tree, file, reached);
    for (const std::string& below : reached) {
      for (const Include& inner : tree.at(below).includes) {
        if (is_torch(inner.target)) {
          found.push_back(where + confined.library + " meets LibTorch's fmt, which comes in through " + below);
          return;
        }
      }
    }
  }
}

using Arrows = std::map<std::string, std::set<std::string>>;

/// Each circle that a walk along the arrows meets, as "a -> b -> a".
std::vector<std::string> circles_in(const Arrows& arrows) {
  std::vector<std::string> found, path;
  std::set<std::string> done;
  const std::function<void(const std::string&)> walk = [&](const std::string& node) {
    const auto begin = std::find(path.begin(), path.end(), node);
    if (begin != path.end()) {
      std::string circle;
      for (auto step = begin; step != path.end(); ++step) circle += *step + " -> ";
      found.push_back(circle + node);
      return;
    }
    if (done.contains(node) || !arrows.contains(node)) return;
    path.push_back(node);
    for (const std::string& next : arrows.at(node)) walk(next);
    path.pop_back();
    done.insert(node);
  };
  for (const auto& [node, next] : arrows) walk(node);
  return found;
}

Arrows arrows_of_files(const SourceTree& tree) {
  Arrows arrows;
  for (const auto& [file, source] : tree) {
    for (const Include& include : source.includes) {
      const std::string target = resolve_include(tree, file, include.target);
      if (!target.empty()) arrows[file].insert(target);
    }
  }
  return arrows;
}

/// A header and its source: "train/trainer" of include/infomtl/train/trainer.h and src/train/trainer.cpp.
std::string part_of(const std::string& file) {
  static const std::regex around("^(include/infomtl|src)/|\\.(h|cpp)$");
  return std::regex_replace(file, around, "");
}

}  // namespace

Rooms read_rooms(const std::filesystem::path& file) {
  static const std::regex row("([0-9]+) +([a-z]+) +(plain|torch) (.+)");
  Rooms rooms;
  std::ifstream stream(file);
  for (std::string line; std::getline(stream, line);) {
    std::smatch match;
    if (line.empty() || line.front() == '#') continue;
    if (!std::regex_match(line, match, row)) throw std::runtime_error(file.string() + ": \"" + line + "\"");
    rooms[match[2]] = {std::stoi(match[1]), match[3] == "torch", match[4]};
  }
  return rooms;
}

std::vector<std::string> layering_violations(const SourceTree& tree, const Rooms& rooms) {
  std::vector<std::string> found;
  for (const auto& [file, source] : tree) {
    const std::string room = room_of(file);
    if (!room.empty() && !rooms.contains(room)) found.push_back(file + ": \"" + room + "\" is no room of the house");
    for (const Include& include : source.includes) {
      const std::string where = file + ":" + std::to_string(include.line) + ": ";
      const std::string target = resolve_include(tree, file, include.target);
      if (!target.empty()) {
        check_arrow(rooms, file, target, where, found);
      } else if (include.target.starts_with("infomtl/")) {
        found.push_back(where + include.target + " does not exist");
      }
      check_outside_libraries(tree, rooms, file, include, where, found);
    }
  }
  for (const std::string& circle : circles_in(arrows_of_files(tree))) {
    found.push_back(circle.substr(0, circle.find(' ')) + ": includes in a circle: " + circle);
  }
  return found;
}

std::vector<std::string> circles_of_parts(const SourceTree& tree) {
  Arrows arrows;
  for (const auto& [file, targets] : arrows_of_files(tree)) {
    for (const std::string& target : targets) {
      if (room_of(target) == room_of(file) && part_of(target) != part_of(file)) {
        arrows[part_of(file)].insert(part_of(target));
      }
    }
  }
  return circles_in(arrows);
}

std::vector<std::string> public_headers_that_reach(const SourceTree& tree, const std::string& header) {
  std::vector<std::string> found;
  for (const auto& [file, source] : tree) {
    if (!is_public(file)) continue;
    std::set<std::string> reached;
    visit_reachable(tree, file, reached);
    const bool reaches = std::ranges::any_of(reached, [&](const std::string& below) {
      return std::ranges::any_of(tree.at(below).includes, [&](const Include& i) { return i.target == header; });
    });
    if (reaches) found.push_back(file);
  }
  return found;
}

std::vector<std::string> long_files(const SourceTree& tree, int most) {
  std::vector<std::string> found;
  for (const auto& [file, source] : tree) {
    const auto lines = std::count(source.text.begin(), source.text.end(), '\n');
    if (lines > most) found.push_back(file + ": " + std::to_string(lines) + " lines");
  }
  return found;
}
