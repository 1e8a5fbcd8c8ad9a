#pragma once
// The rules of the house, read off #include lines: arrows point down a floor, never in a circle, a room is entered by
// its door, and each outside library stays in the rooms that may know it.

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "source_tree.h"

struct Room {
  int floor = 0;
  bool torch = false;  ///< whether it may include LibTorch's headers
  std::string holds;   ///< in words
};
using Rooms = std::map<std::string, Room>;

/// src/rooms.txt. @throws std::runtime_error naming a line that is not "floor room plain|torch words"
Rooms read_rooms(const std::filesystem::path& file);

/// One line per violation, "file:line: what is wrong"; empty when the tree keeps every rule.
std::vector<std::string> layering_violations(const SourceTree& tree, const Rooms& rooms);

/// One line per circle among the parts of a room, a part being a header and the source of the same name: two such parts
/// are one thing in two files. Headers in a circle are found by layering_violations().
std::vector<std::string> circles_of_parts(const SourceTree& tree);

/// The public headers from which an outside header can be reached through the tree's own includes.
std::vector<std::string> public_headers_that_reach(const SourceTree& tree, const std::string& header);

/// One line per file of more lines than that.
std::vector<std::string> long_files(const SourceTree& tree, int most);

/// One line for each public header that uses a name of the standard library or of LibTorch whose header neither it nor
/// an infomtl header below it includes. A precompiled header hides such a gap from the compiler.
std::vector<std::string> self_sufficiency_violations(const SourceTree& tree);
