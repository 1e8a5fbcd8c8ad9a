#pragma once
// What tests of tokenizer files share: the folders of fixtures, and what a message has to name.

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "support/fixture_folder.h"

#define EXPECT_NAMES(message, part) EXPECT_NE((message).find(part), std::string::npos) << (message)

namespace infomtl::testing {

/// The folder of a kind of tokenizer.
inline std::filesystem::path tokenizer_fixture(const std::string& kind) {
  return std::filesystem::path(fixture_folder()) / "tokenizers" / kind;
}

}  // namespace infomtl::testing
