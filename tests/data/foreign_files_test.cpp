// Files as spreadsheets, pandas and Python's csv and json write them. The right values are those that Python's csv.reader
// and json.loads give (3.11), but for CR LF inside quotes, of which the CR is dropped, and for blank rows, left out.

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "data/readers.h"
#include "infomtl/core/config.h"
#include "infomtl/core/errors.h"
#include "infomtl/core/utf8.h"
#include "infomtl/data/dataset.h"
#include "support/message_of.h"
#include "support/temporary_folder.h"

namespace infomtl::data {
namespace {

using infomtl::testing::message_of;
using infomtl::testing::TemporaryFolder;
using Classes = std::vector<std::int32_t>;
using Row = std::pair<std::string, std::string>;

struct TableCase {
  const char* what;
  std::string content;
  std::vector<Row> rows;  ///< text and label
  char delimiter = ',';
  bool quotes = true;
};

std::vector<Row> rows_of(const TableCase& table, const ErrorList& problem = throwing_errors()) {
  Source source;
  source.format = table.delimiter == '\t' ? SourceFormat::tsv : SourceFormat::csv;
  source.file = "f";
  source.text_column = "text";
  source.label_columns = {"label"};
  source.delimiter = table.delimiter;
  source.quotes = table.quotes;
  const std::vector<std::string> names = {"0", "1"};
  const SourceRows read =
      read_rows(source, table.content, "", {{TaskKind::classification, &source, &names}}, {""}, false, problem);
  std::vector<Row> rows;
  for (std::size_t i = 0; i < read.texts.size(); ++i) {
    const RawLabels& labels = read.labels[0];
    rows.emplace_back(read.texts.first[i],
                      labels.missing[i] ? "" : labels.items[static_cast<std::size_t>(labels.offsets[i])]);
  }
  return rows;
}

TEST(ForeignTables, GiveTheCellsThatPythonsCsvGives) {
  const std::vector<TableCase> cases = {
      {"Excel: BOM, CR LF, quotes",
       "\xEF\xBB\xBFtext,label\r\n\"He said \"\"no\"\", twice\",1\r\n\"line one\r\nline two\",0\r\nlast,1",
       {{"He said \"no\", twice", "1"}, {"line one\nline two", "0"}, {"last", "1"}}},
      {"Excel: a row of empty cells between",
       "text,label,\r\none,1,\r\n,,\r\ntwo,0,\r\n",
       {{"one", "1"}, {"two", "0"}}},
      {"Excel: the line that names the separator", "sep=,\r\ntext,label\r\none,1\r\n", {{"one", "1"}}},
      {"Excel in half of Europe",
       "text;label\r\n\"a;b\";1\r\nplain, with comma;0\r\n",
       {{"a;b", "1"}, {"plain, with comma", "0"}},
       ';'},
      {"pandas with its index",
       ",text,label\n0,first,1\n1,\"comma, here\",0\n",
       {{"first", "1"}, {"comma, here", "0"}}},
      {"QUOTE_ALL", "\"text\",\"label\"\n\"x\",\"1\"\n\"\",\"0\"\n", {{"x", "1"}, {"", "0"}}},
      {"QUOTE_NONNUMERIC", "\"text\",\"label\"\r\n\"a b\",1\r\n\"c\",0\r\n", {{"a b", "1"}, {"c", "0"}}},
      {"blank lines anywhere", "\n\ntext,label\n\none,1\n\n\ntwo,0\n\n", {{"one", "1"}, {"two", "0"}}},
      {"a line of blanks", "text,label\none,1\n   \ntwo,0\n", {{"one", "1"}, {"two", "0"}}},
      {"a blank line inside quotes is text", "text,label\n\"a\n\nb\",1\n", {{"a\n\nb", "1"}}},
      {"quotes alone", "text,label\n\"\"\"\",1\n\"a\"\"\",0\n", {{"\"", "1"}, {"a\"", "0"}}},
      {"no end of the last line, quoted", "text,label\none,\"1\"", {{"one", "1"}}},
      {"BOM, then a blank line", "\xEF\xBB\xBF\r\ntext,label\r\none,1\r\n", {{"one", "1"}}},
      {"Python on Windows: CR CR LF", "text,label\r\r\none,1\r\r\ntwo,0\r\r\n", {{"one", "1"}, {"two", "0"}}},
      {"cut between CR and LF", "text,label\r\none,1\r\ntwo,0\r", {{"one", "1"}, {"two", "0"}}},
      {"blank cells in quotes", "text,label\none,1\n\"\",\" \"\ntwo,0\n", {{"one", "1"}, {"two", "0"}}},
      {"blank rows of other widths", "text,label\none,1\n,,,,\n \t\ntwo,0\n  ", {{"one", "1"}, {"two", "0"}}},
      {"BOM before a quoted name", "\xEF\xBB\xBF\"text\",\"label\"\none,1\n", {{"one", "1"}}},
      {"a NUL, a CR and U+2028 in texts",
       std::string("text,label\na\0b,1\n\"c\rd\",0\ne\xE2\x80\xA8"
                   "f,1\n",
                   33),
       {{std::string("a\0b", 3), "1"},
        {"c\rd", "0"},
        {"e\xE2\x80\xA8"
         "f",
         "1"}}},
      {"pandas' TSV, quoted",
       "text\tlabel\n\"a \"\"b\"\" c\"\t1\n\"x\ty\"\t0\n",
       {{"a \"b\" c", "1"}, {"x\ty", "0"}},
       '\t'},
      {"a TSV of plain quotes", "text\tlabel\n\"a\t1\nb\"\t0\n", {{"\"a", "1"}, {"b\"", "0"}}, '\t', false},
      {"a bar between", "text|label\na,b|1\n", {{"a,b", "1"}}, '|'}};
  for (const TableCase& one : cases) EXPECT_EQ(rows_of(one), one.rows) << one.what;
}

TEST(ForeignTables, ThatAreOfAnotherKindAreToldBySign) {
  const auto words = [](const TableCase& table) { return message_of<DataError>([&] { rows_of(table); }); };
  const std::vector<std::pair<TableCase, const char*>> cases = {
      {{"", "text;label\na;1\n", {}}, "is \";\" what separates them? Then set \"delimiter\""},
      {{"", "text\tlabel\na\t1\n", {}}, "is \"\\t\" what separates them?"},
      {{"", "text,label\na,1\n", {}, '\t', false}, "is \",\" what separates them?"},
      {{"", "sep=;\ntext;label\na;1\n", {}}, "says \"sep=;\", but \",\" separates here"},
      {{"", std::string("\xFF\xFEt\0e\0", 6), {}}, "is UTF-16"},
      {{"", std::string("text\tlabel\ngood\0\0\0\0", 19), {}}, ":2:5: NUL bytes"},
      {{"", std::string("t\0e\0x\0t\0", 8), {}}, "is UTF-16"},
      {{"", std::string("\0t\0e\0x\0t", 8), {}}, "is UTF-16"},
      {{"", "text,label\rone,1\rtwo,0\r", {}}, "lines end in CR alone"},
      {{"", "text,label\n\"a \\\"b\\\"\",1\n", {}}, "text after the closing quote"},
      {{"", "text,label\none,1\ntwo\n", {}}, "f:3: 1 columns where the first line has 2"}};
  for (const auto& [table, said] : cases) EXPECT_NE(words(table).find(said), std::string::npos) << words(table);
}

TEST(ForeignTables, ATextOfMegabytesIsAFileOfAnotherKind) {
  const std::string long_line = "text,label\n" + std::string(kLongestText + 1, 'x') + ",1\n";
  EXPECT_NE(message_of<DataError>([&] {
              rows_of({"", long_line, {}});
            }).find("f:2: a text of 10000001 bytes"),
            std::string::npos);
  const std::string just = "text,label\n" + std::string(kLongestText, 'x') + ",1\n";
  EXPECT_EQ(rows_of({"", just, {}}).size(), 1U);
}

/// What a JSONL label of a task with these classes is read as: the classes of the one row, or what the error says.
std::string class_of(const std::string& value, const Json& names, const std::string& type = "classification") {
  const TemporaryFolder folder;
  folder.write("t.jsonl", R"({"text": "a", "label": )" + value + "}\n");
  const Json record = {{"name", "t"},
                       {"type", type},
                       {"labels", names},
                       {"splits", {{"train", {{"file", (folder / "t.jsonl").string()}}}}}};
  try {
    const Dataset dataset = load_dataset(Config::from_json({{"tasks", Json::array({record})}}), 0);
    std::string found;
    for (const std::int32_t c : dataset.split(Split::train).tasks[0].classes) {
      found += (found.empty() ? "" : "|") + names.at(static_cast<std::size_t>(c)).get<std::string>();
    }
    return found;
  } catch (const UserError&) {
    return "refused";
  }
}

TEST(ForeignLabels, MeanWhatTheirNameSaysOrAreRefused) {
  const std::vector<std::tuple<std::string, Json, std::string>> cases = {
      {"true", {"TRUE", "FALSE"}, "TRUE"},
      {"false", {"False", "True"}, "False"},
      {"true", {"no", "yes"}, "refused"},
      {"true", {"-1", "+1"}, "refused"},
      {"true", {"0", "1"}, "1"},
      {"1", {"true", "false"}, "refused"},  // the index of "false", or true
      {"0", {"TRUE", "FALSE"}, "refused"},
      {"1", {"unknown", "false", "true"}, "refused"},
      {"2", {"unknown", "false", "true"}, "true"},
      {"1", {"false", "true"}, "true"},
      {"1", {"no", "yes"}, "yes"},  // no name is a number: the index
      {"\"true\"", {"True", "False"}, "refused"},
      {"true", {"True", "true"}, "true"},
      {"true", {"True", "TRUE"}, "refused"},
      {"{\"value\": true}", {"false", "true"}, "refused"},
      {"[true]", {"false", "true"}, "refused"},
      {"\"\\ttrue \"", {"false", "true"}, "true"},
      {"-0.0", {"0", "1"}, "0"},
      {"1e2", {"100", "200"}, "100"},
      {"NaN", {"0", "1"}, "refused"},
      {"1", {"2", "1"}, "1"},
      {"1.0", {"2", "1"}, "1"},
      {"\"1.0\"", {"a", "b"}, "refused"},
      {"\"1.0\"", {"1.0", "2.0"}, "1.0"},
      {"1.0", {"1.0", "2.0"}, "1.0"},
      {"-1", {"-1", "0", "1"}, "-1"},
      {"-1", {"a", "b"}, "refused"},
      {"\"+1\"", {"-1", "+1"}, "+1"},
      {"1", {"-1", "+1"}, "refused"},
      {"\"01\"", {"01", "02"}, "01"},
      {"1", {"01", "02"}, "refused"},
      {"2", {"a", "b"}, "refused"},
      {"0.5", {"a", "b"}, "refused"},
      {"\" b \"", {"a", "b"}, "b"},
      {"\"B\"", {"a", "b"}, "refused"},
      {"null", {"a", "b"}, "refused"},
      {"\"\"", {"a", "b"}, "refused"},
      {"[\"a\"]", {"a", "b"}, "refused"},
      {"{\"a\": 1}", {"a", "b"}, "refused"},
      {"1e0", {"a", "b"}, "b"},
      {"18446744073709551615", {"18446744073709551615", "2"}, "18446744073709551615"},
      {"18446744073709551617", {"18446744073709551617", "2"}, "refused"},  // read as a rounded number
      {"1e300", {"1e+300", "2"}, "refused"}};
  for (const auto& [value, names, expected] : cases) {
    EXPECT_EQ(class_of(value, names), expected) << value << " among " << names;
  }
}

TEST(ForeignLabels, OfSeveralClassesAreNamesIndicesOrAVectorAndNeverAGuess) {
  const Json three = {"a", "b", "c"};
  const std::vector<std::tuple<std::string, Json, std::string>> cases = {{"[0, 1, 0]", three, "b"},
                                                                         {"[1, 1, 1]", three, "a|b|c"},
                                                                         {"[false, true, true]", three, "b|c"},
                                                                         {"[0, 2]", three, "a|c"},
                                                                         {"[\"c\", \"a\"]", three, "c|a"},
                                                                         {"\"a, c\"", three, "a|c"},
                                                                         {"[]", three, ""},
                                                                         {"[1, 0]", {"a", "b"}, "refused"},
                                                                         {"[1]", {"a"}, "refused"},
                                                                         {"[true]", {"a"}, "a"},
                                                                         {"true", {"a"}, "refused"},
                                                                         {"0", {"a"}, "refused"},
                                                                         {"\"a\"", {"a"}, "a"},
                                                                         {"0", {"a", "b"}, "a"},
                                                                         {"[true, 0, 1]", three, "refused"},
                                                                         {"[1.0, 0.0, 1.0]", three, "a|c"},
                                                                         {"[\" b \"]", three, "b"},
                                                                         {"[0.5, 0, 0]", three, "refused"},
                                                                         {"[\"a\", null]", three, "refused"},
                                                                         {"[\"a\", \"a\"]", three, "refused"},
                                                                         {"[[0, 1, 0]]", three, "refused"}};
  for (const auto& [value, names, expected] : cases) {
    const std::string found = class_of(value, names, "multi_label");
    EXPECT_EQ(found, expected) << value << " among " << names;
  }
}

/// The rows of one task with these keys in its record, from files of these contents, or all that is wrong with it.
struct Loaded {
  TaskRows rows;
  std::vector<std::string> labels, problems;
};
Loaded loaded(Json record, const std::map<std::string, std::string>& files) {
  const TemporaryFolder folder;
  for (const auto& [name, content] : files) folder.write(name, content);
  record["name"] = "t";
  Loaded found;
  try {
    Dataset dataset = load_dataset(
        Config::from_json({{"root", folder.path().string()}, {"tasks", Json::array({record})}}), 0, &found.problems);
    if (dataset.tasks.empty()) return found;  // its record could not be read
    found.rows = dataset.split(Split::train).tasks[0];
    found.labels = dataset.tasks[0].labels;
  } catch (const UserError& error) {
    found.problems.emplace_back(error.what());
  }
  return found;
}

// What pandas.read_csv (3.1) takes for booleans, and numbers that are 0 and 1.
TEST(ForeignLabels, ZeroOneColumnsAreTakenAsPandasAndSpreadsheetsWriteThem) {
  const Json record = {
      {"type", "multi_label"},
      {"labels", {"x", "y"}},
      {"missing_labels", "skip"},
      {"splits", {{"train", {{"file", "t.FORMAT"}, {"columns", {{"text", "text"}, {"label", {"x", "y"}}}}}}}}};
  const auto classes = [&](const std::string& format, const std::string& content) {
    Json of_format = record;
    of_format["splits"]["train"]["file"] = "t." + format;
    const Loaded found = loaded(of_format, {{"t." + format, content}});
    EXPECT_TRUE(found.problems.empty()) << content << found.problems.front();
    return found.rows.classes;
  };
  const Classes right = {0, 0, 1};
  for (const auto& [yes, no] : {std::pair("1", "0"), std::pair("True", "False"), std::pair("TRUE", "FALSE"),
                                std::pair("true", "false"), std::pair("1.0", "0.0")}) {
    const std::string row = std::string(yes) + "," + no + "\n", both = std::string(yes) + "," + yes + "\n";
    EXPECT_EQ(classes("csv", "text,x,y\na," + row + "b," + no + "," + no + "\nc," + both + "d,,\n"), right) << yes;
  }
  EXPECT_EQ(classes("jsonl", R"({"text": "a", "x": 1.0, "y": 0.0}
{"text": "b", "x": "True", "y": true})"),
            right);
  for (const char* wrong : {"yes", "2", "-1", "0.5", "t"}) {
    const Loaded found =
        loaded({{"type", "multi_label"},
                {"labels", {"x", "y"}},
                {"splits", {{"train", {{"file", "t.csv"}, {"columns", {{"text", "text"}, {"label", {"x", "y"}}}}}}}}},
               {{"t.csv", std::string("text,x,y\na,0,") + wrong + "\nb,0,1\n"}});
    ASSERT_EQ(found.problems.size(), 1U) << wrong;
    EXPECT_NE(found.problems[0].find("where 0 or 1 is needed"), std::string::npos) << found.problems[0];
  }
}

// Whatever could be one class or another.
TEST(ForeignLabels, WhoseRecordsAndRowsSayTwoThingsAreRefused) {
  const auto first_problem = [](const Json& labels, const Json& columns, const char* content) {
    const Loaded found = loaded({{"type", "multi_label"},
                                 {"labels", labels},
                                 {"splits", {{"train", {{"file", "t.csv"}, {"columns", columns}}}}}},
                                {{"t.csv", content}});
    return found.problems.empty() ? "" : found.problems.front();
  };
  const char* const two = "text,x,y\na,1,0\nb,0,1\n";
  EXPECT_EQ(first_problem({"x", "y"}, {{"label", {"x", "y"}}}, two), "");
  EXPECT_EQ(first_problem({"first", "second"}, {{"label", {"x", "y"}}}, two), "");
  EXPECT_NE(first_problem({"x", "y"}, {{"label", {"y", "x"}}}, two).find("column \"y\" stands where class \"x\" is"),
            std::string::npos);
  const char* const cells = "text,label\nt,\"a,b\"\nu,b\n";
  EXPECT_EQ(first_problem({"a", "b"}, Json::object(), cells), "");
  EXPECT_NE(first_problem({"a,b", "a", "b"}, Json::object(), cells).find("\",\" stands within the label \"a,b\""),
            std::string::npos);
  for (const auto& [separator, problem] :
       {std::pair(",", "\",\" stands within the label \"a,b\""), std::pair("", "separator: must not be empty")}) {
    const Json beside = {{"text", "t.txt"}, {"label", "l.txt"}, {"separator", separator}};
    const Loaded found =
        loaded({{"type", "multi_label"}, {"labels", {"a,b", "a", "b"}}, {"splits", {{"train", beside}}}},
               {{"t.txt", "t\nu\n"}, {"l.txt", "a,b\nb\n"}});
    ASSERT_FALSE(found.problems.empty());
    EXPECT_NE(found.problems.front().find(problem), std::string::npos) << found.problems.front();
  }

  // Two numbers that JSON's readers take for one.
  const Loaded merged =
      loaded({{"type", "classification"}, {"labels", "auto"}, {"splits", {{"train", {{"file", "t.jsonl"}}}}}},
             {{"t.jsonl", R"({"text": "a", "label": 18446744073709551617}
{"text": "b", "label": 18446744073709551618}
{"text": "c", "label": 7})"}});
  ASSERT_FALSE(merged.problems.empty());
  EXPECT_NE(merged.problems.front().find("t.jsonl:1"), std::string::npos) << merged.problems.front();
  EXPECT_NE(merged.problems.front().find("beyond 64 bits"), std::string::npos) << merged.problems.front();
  const auto refused = [](const char* label) {
    const Loaded found =
        loaded({{"type", "multi_label"}, {"labels", {"x", "y"}}, {"splits", {{"train", {{"file", "t.jsonl"}}}}}},
               {{"t.jsonl", std::string(R"({"text": "a", "label": )") + label + "}"}});
    return found.problems.empty() ? "" : found.problems.front();
  };
  EXPECT_NE(refused("[1.0, 0.0]").find("it may be indices or say of each class"), std::string::npos);
  EXPECT_NE(refused("[0, 18446744073709551617]").find("beyond 64 bits"), std::string::npos);
}

TEST(ForeignLabels, ThatAreFoundInTheRowsAreOrderedByTheirValues) {
  const auto order = [](const std::string& content) {
    return loaded({{"type", "classification"}, {"labels", "auto"}, {"splits", {{"train", {{"file", "t.csv"}}}}}},
                  {{"t.csv", "text,label\n" + content}})
        .labels;
  };
  using Names = std::vector<std::string>;
  EXPECT_EQ(order("a,10.5\nb,9.5\n"), (Names{"9.5", "10.5"}));
  EXPECT_EQ(order("a,+1\nb,-1\nc,0\n"), (Names{"-1", "0", "+1"}));
  EXPECT_EQ(order("a,nan\nb,9\nc,10\n"), (Names{"10", "9", "nan"}));  // one of them is no number
}

TEST(ForeignLabels, NamesWithBlanksAtTheirEndsAreToldInTheRecord) {
  const std::map<std::string, std::string> rows = {{"t.csv", "text,label\na,good\nb,bad\n"}};
  const Json source = {{"train", {{"file", "t.csv"}}}};
  const Loaded list = loaded({{"type", "classification"}, {"labels", {"good ", "bad"}}, {"splits", source}}, rows);
  ASSERT_EQ(list.problems.size(), 1U);
  EXPECT_NE(list.problems[0].find("\"good \" begins or ends with a blank"), std::string::npos) << list.problems[0];
  auto files = rows;
  files["names.txt"] = "good \r\nbad\r\n\r\n \r\n";
  const Loaded file = loaded({{"type", "classification"}, {"labels", "names.txt"}, {"splits", source}}, files);
  EXPECT_EQ(file.labels, (std::vector<std::string>{"good", "bad"}));
}

// The message is one line of UTF-8, whatever the cell holds and wherever it is cut.
TEST(ForeignLabels, AreQuotedOnOneLineOfWholeCharacters) {
  std::string accents = "x";
  for (int i = 0; i < 80; ++i) accents += "\u00e9";
  for (const std::string& cell : {accents, std::string("\"good\nbad\""), std::string("\x1b[31mgood")}) {
    for (const char* type : {"classification", "regression"}) {
      Json record = {{"type", type}, {"splits", {{"train", {{"file", "t.csv"}}}}}};
      if (record["type"] == "classification") record["labels"] = {"good", "bad"};
      const Loaded found = loaded(record, {{"t.csv", "text,label\na," + cell + "\n"}});
      ASSERT_EQ(found.problems.size(), 1U) << cell;
      EXPECT_EQ(found.problems[0], printable(found.problems[0]));
    }
  }
  const Loaded half = loaded({{"type", "regression"}, {"splits", {{"train", {{"file", "t.jsonl"}}}}}},
                             {{"t.jsonl", "{\"text\": \"a\", \"label\": 1}\n\u00a0\n"}});
  ASSERT_EQ(half.problems.size(), 1U);
  EXPECT_EQ(half.problems[0], printable(half.problems[0]));
}

TEST(ForeignTables, EmptyLinesOfFilesSideBySideAreLeftOutWhereAllHaveOne) {
  const Json record = {{"type", "classification"},
                       {"labels", {"a", "b"}},
                       {"splits", {{"train", {{"text", "t.txt"}, {"label", "l.txt"}}}}}};
  const Loaded found = loaded(record, {{"t.txt", "\none\n \ntwo\n\n"}, {"l.txt", "\nb\n\t\na\n\n"}});
  EXPECT_TRUE(found.problems.empty());
  EXPECT_EQ(found.rows.classes, (Classes{1, 0}));
  const Loaded unlabelled = loaded(record, {{"t.txt", "one\ntwo\n"}, {"l.txt", "b\n\n"}});
  ASSERT_EQ(unlabelled.problems.size(), 1U);
  EXPECT_NE(unlabelled.problems[0].find("l.txt:2: no label"), std::string::npos) << unlabelled.problems[0];
}

TEST(ForeignJson, ATableByColumnsIsToldFromOneByRows) {
  const Loaded found = loaded({{"type", "regression"}, {"splits", {{"train", {{"file", "t.json"}}}}}},
                              {{"t.json", R"({"text": {"0": "a"}, "label": {"0": 1}})"}});
  ASSERT_EQ(found.problems.size(), 1U);
  EXPECT_NE(found.problems[0].find("orient=\"records\""), std::string::npos) << found.problems[0];
}

TEST(ForeignJson, AKeyThatIsWrittenTwiceIsRefused) {
  Source source;
  source.format = SourceFormat::jsonl;
  source.file = "f";
  source.text_column = "text";
  source.label_columns = {"label"};
  const std::vector<std::string> names = {"a", "b"};
  const auto read = [&](const std::string& content, const ErrorList& problem) {
    return read_rows(source, content, "", {{TaskKind::classification, &source, &names}}, {""}, false, problem);
  };
  EXPECT_EQ(message_of<DataError>([&] {
              read("{\"text\": \"x\", \"label\": \"a\"}\n{\"text\": \"y\", \"label\": \"a\", \"label\": \"b\"}\n",
                   throwing_errors());
            }),
            "f:2:29: \"/label\" is written twice in one object; keep one of them");
  message_of<DataError>([&] { read(R"([{"text": "y", "label": "a", "label": "b"}])", throwing_errors()); });
}

TEST(ForeignJson, ARowThatCannotBeTakenIsToldOnce) {
  const TemporaryFolder folder;
  folder.write("t.jsonl", "{\"text\": \"a\", \"label\": [\"x\"]}\n{\"text\": \"b\", \"label\": \"x\"}\n");
  const Json record = {{"name", "t"},
                       {"type", "classification"},
                       {"labels", {"x", "y"}},
                       {"splits", {{"train", {{"file", (folder / "t.jsonl").string()}}}}}};
  std::vector<std::string> problems;
  load_dataset(Config::from_json({{"tasks", Json::array({record})}}), 0, &problems);
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_NE(problems[0].find("a list is for tasks of type multi_label or tagging"), std::string::npos) << problems[0];
}

TEST(ForeignJson, ALabelNestedWithoutEndIsRefusedInOneLine) {
  const std::string deep = R"({"text": "a", "label": )" + std::string(100000, '[') + std::string(100000, ']') + "}\n";
  Source source;
  source.format = SourceFormat::jsonl;
  source.file = "f";
  source.text_column = "text";
  source.label_columns = {"label"};
  const std::vector<std::string> names = {"a", "b"};
  const std::string words = message_of<DataError>([&] {
    read_rows(source, deep, "", {{TaskKind::multi_label, &source, &names}}, {""}, false, throwing_errors());
  });
  EXPECT_EQ(words.find("f:1:223: "), 0U) << words;
  EXPECT_NE(words.find("nested deeper than 200"), std::string::npos) << words;
}

}  // namespace
}  // namespace infomtl::data
