#include "infomtl/core/errors.h"

#include <gtest/gtest.h>

#include "infomtl/core/counted.h"

using namespace infomtl;

TEST(Errors, ContextComesBeforeTheMessageOutermostFirst) {
  try {
    with_context("run 'a'", [] { with_context("task 'hate'", [] { throw DataError("line 3:\n empty"); }); });
    FAIL() << "nothing was thrown";
  } catch (const DataError& error) {
    EXPECT_STREQ(error.what(), "run 'a': task 'hate': line 3:  empty");
    EXPECT_EQ(error.exit_status(), 2);
  }
  EXPECT_EQ(StateError("x").exit_status(), 1);
}

TEST(Errors, StandOnOneLineOfWhatATerminalMayMeet) {
  EXPECT_STREQ(DataError("a\tb\r\nc").what(), "a b  c");
  EXPECT_STREQ(DataError("a\x1b[31m \u009b31m \u202Ebc\xff").what(), "a\uFFFD[31m \uFFFD31m \uFFFDbc\uFFFD");
}

TEST(Errors, ContextLeavesValuesAndForeignExceptionsAlone) {
  int kept = 3;
  int& same = with_context("x", [&]() -> int& { return kept; });
  EXPECT_EQ(&same, &kept);
  EXPECT_THROW(with_context("x", [] { throw 7; }), int);
}

TEST(Errors, NearestNameCountsSwapsOnceAndIgnoresCase) {
  const std::vector<std::string> names{"temperature", "symmetric", "scope"};
  EXPECT_EQ(nearest_name("temprature", names), "temperature");
  EXPECT_EQ(nearest_name("socpe", names), "scope");
  EXPECT_EQ(nearest_name("SCOPE", names), "scope");
  EXPECT_EQ(nearest_name("macro-f1", {"micro_f1", "macro_f1"}), "macro_f1");
  EXPECT_EQ(nearest_name("scale", names), "");
  EXPECT_EQ(nearest_name("", names), "");
  EXPECT_EQ(nearest_name("x", {}), "");
}

TEST(Errors, CountedThingsStandInTheirNumber) {
  EXPECT_EQ(counted(1, "row"), "1 row");
  EXPECT_EQ(counted(0, "row"), "0 rows");
  EXPECT_EQ(named({"a"}, "task"), "task \"a\"");
  EXPECT_EQ(named({"a", "b"}, "task"), "tasks \"a\", \"b\"");
  EXPECT_EQ(named({}, "task"), "tasks");
  EXPECT_EQ(joined({}), "");
  EXPECT_EQ(joined({"", "a", ""}), ", a, ");
  EXPECT_EQ(joined({"a", "b"}, "; "), "a; b");
  EXPECT_EQ(counted(1, "row is cut", "rows are cut"), "1 row is cut");
  EXPECT_EQ(counted(2, "row is cut", "rows are cut"), "2 rows are cut");
}

TEST(Errors, SuggestionFallsBackToTheListOfKnownNames) {
  EXPECT_EQ(did_you_mean("temprature", {"temperature"}), "; did you mean \"temperature\"?");
  EXPECT_EQ(did_you_mean("zzzzzz", {"a", "b"}), "; known: a, b");
  EXPECT_EQ(did_you_mean("zzzzzz", {}), "");
  EXPECT_EQ(did_you_mean("zzzzzz", {std::string(79, 'n') + "\u00e9" + std::string(1000, 'n')}),
            "; known: " + std::string(79, 'n') + "\u2026");
  EXPECT_NE(did_you_mean("zzzzzz", std::vector<std::string>(43, "n")).find(" and 3 more"), std::string::npos);
}
