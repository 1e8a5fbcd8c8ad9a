#pragma once
// What an error says, for tests that mistakes are named.

#include <gtest/gtest.h>

#include <string>

namespace infomtl::testing {

/// The message of the Error of type E that `body` throws; a failed expectation when it throws none.
template <class E, class Body>
std::string message_of(Body&& body) {
  try {
    body();
  } catch (const E& error) {
    EXPECT_EQ(error.exit_status(), 2);
    EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos) << "one line: " << error.what();
    return error.what();
  }
  ADD_FAILURE() << "nothing of the expected type was thrown";
  return "";
}

}  // namespace infomtl::testing
