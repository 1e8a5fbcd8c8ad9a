// The file formats: what they accept, what they refuse, and with which words.
#include "data/readers.h"

#include <gtest/gtest.h>

#include "infomtl/core/errors.h"
#include "support/message_of.h"
#include "support/temporary_folder.h"

namespace infomtl::data {
namespace {

using infomtl::testing::message_of;

Source table(SourceFormat format, std::string text, std::string label, std::string pair = "") {
  Source source;
  source.format = format;
  source.file = "f";
  source.text_column = std::move(text);
  source.pair_column = std::move(pair);
  source.label_columns = {std::move(label)};
  return source;
}

SourceRows read(const Source& source, std::string_view content, TaskKind kind = TaskKind::classification,
                const ErrorList& problem = throwing_errors(), const std::vector<std::string>& names = {"a", "b"}) {
  return read_rows(source, content, "", {{kind, &source, &names}}, {""}, kind == TaskKind::tagging, problem);
}

std::vector<std::string> labels_of(const SourceRows& rows) {
  std::vector<std::string> result;
  for (std::size_t i = 0; i < rows.labels[0].size(); ++i) {
    std::string joined = rows.labels[0].missing[i] ? "MISSING" : "";
    for (auto j = rows.labels[0].offsets[i]; j < rows.labels[0].offsets[i + 1]; ++j) {
      if (!joined.empty()) joined += "|";
      joined += rows.labels[0].items[static_cast<std::size_t>(j)];
    }
    result.push_back(joined);
  }
  return result;
}

using Strings = std::vector<std::string>;

TEST(Lines, EndAtLineFeedOnlyAndDropTheCarriageReturnsBeforeItAndAtTheEnd) {
  const auto lines =
      split_lines("\xEF\xBB\xBFone\r\r\ntwo\xC2\x85still two\xE2\x80\xA8still\rtwo\x0b\x0c\n\nlast\r", "f");
  ASSERT_EQ(lines.size(), 4u);
  EXPECT_EQ(lines[0], "one");
  EXPECT_EQ(lines[1], "two\xC2\x85still two\xE2\x80\xA8still\rtwo\x0b\x0c");
  EXPECT_EQ(lines[2], "");
  EXPECT_EQ(lines[3], "last");  // no LF behind it
  EXPECT_TRUE(split_lines("", "f").empty());
  EXPECT_EQ(split_lines("\n", "f").size(), 1u);
}

TEST(Lines, BadUtf8IsNamedByFileLineAndByte) {
  EXPECT_EQ(message_of<DataError>([] { split_lines("good\nab\xFFz\n", "tweets.txt"); }),
            "tweets.txt:2:3: not UTF-8 (byte 0xff); convert the file first");
  message_of<DataError>([] { split_lines("\xC0\x80", "f"); });      // overlong
  message_of<DataError>([] { split_lines("\xED\xA0\x80", "f"); });  // surrogate
  message_of<DataError>([] { split_lines("truncated \xE2\x82", "f"); });
}

TEST(Tsv, QuotesAreOrdinaryCharacters) {
  const auto rows = read(table(SourceFormat::tsv, "s", "y"), "s\ty\n\"he said\t1\n a \"b\" \t 0 \r\n");
  ASSERT_EQ(rows.texts.size(), 2u);
  EXPECT_EQ(rows.texts.first[0], "\"he said");
  EXPECT_EQ(rows.texts.first[1], " a \"b\" ");
  EXPECT_EQ(labels_of(rows), (Strings{"1", "0"}));
  EXPECT_EQ(rows.lines, (std::vector<std::int32_t>{2, 3}));
}

TEST(Tsv, ATableWithEveryCellInQuotesIsReadWithAWarning) {
  const auto warnings = [](const std::string& content) {
    ::testing::internal::CaptureStderr();
    EXPECT_EQ(read(table(SourceFormat::tsv, "s", "y"), "s\ty\n" + content).texts.first[0], "\"a\"");
    return ::testing::internal::GetCapturedStderr();
  };
  EXPECT_NE(warnings("\"a\"\t\"1\"\n\"b\"\t\"0\"\n").find("every cell stands in quotes"), std::string::npos);
  EXPECT_EQ(warnings("\"a\"\t1\n\"b\"\t0\n"), "");
  EXPECT_EQ(warnings("\"a\"\t\"1\"\nb\t\"0\"\n"), "");
}

TEST(Tsv, ColumnsByIndexNeedNoHeader) {
  const auto rows = read(table(SourceFormat::tsv, "3", "1", "0"), "gj04\t1\t*\ttext one\nx\t0\t\t\n");
  ASSERT_EQ(rows.texts.size(), 2u);
  EXPECT_EQ(rows.texts.first[0], "text one");
  EXPECT_EQ(rows.texts.second[0], "gj04");
  EXPECT_TRUE(rows.texts.paired[0]);
  EXPECT_EQ(rows.texts.first[1], "");
}

TEST(Tsv, MissingColumnsAndRaggedRowsAreErrors) {
  EXPECT_EQ(message_of<DataError>([] { read(table(SourceFormat::tsv, "sentense", "y"), "sentence\ty\n"); }),
            "f:1: no column \"sentense\"; did you mean \"sentence\"?");
  EXPECT_EQ(message_of<DataError>([] { read(table(SourceFormat::tsv, "s", "y"), "s\ty\na\t1\nb\t1\textra\n"); }),
            "f:3: 3 columns where the first line has 2");
  EXPECT_EQ(message_of<DataError>([] { read(table(SourceFormat::tsv, "0", "7"), "a\tb\n"); }),
            "f:1: no column 7, there are 2 (counted from 0)");
  message_of<DataError>([] { read(table(SourceFormat::tsv, "s", "y"), ""); });
  EXPECT_EQ(message_of<DataError>([] { read(table(SourceFormat::tsv, "s", "y"), "s\ty\ty\na\t1\t0\n"); }),
            "f:1: two columns are named \"y\"");
}

TEST(Csv, QuotedFieldsHoldCommasQuotesAndLineFeeds) {
  const auto rows =
      read(table(SourceFormat::csv, "s", "y"), "y,s\r\n1,\"a, \"\"b\"\"\nsecond line\"\r\n0,plain\n1,\"\"\n");
  ASSERT_EQ(rows.texts.size(), 3u);
  EXPECT_EQ(rows.texts.first[0], "a, \"b\"\nsecond line");
  EXPECT_EQ(rows.texts.first[1], "plain");
  EXPECT_EQ(rows.texts.first[2], "");
  EXPECT_EQ(rows.lines, (std::vector<std::int32_t>{2, 4, 5}));
}

TEST(Csv, BrokenQuotingIsAnErrorAtTheRowWhereItBegins) {
  const auto source = table(SourceFormat::csv, "s", "y");
  EXPECT_EQ(message_of<DataError>([&] { read(source, "s,y\na,1\n\"never,1\nclosed,0\n"); }),
            "f:3: a quoted field that begins here is never closed");
  EXPECT_EQ(message_of<DataError>([&] { read(source, "s,y\n\"a\"b,1\n"); }),
            "f:2: text after the closing quote of a field");
  EXPECT_EQ(message_of<DataError>([&] { read(source, "s,y\na\"b,1\n"); }),
            "f:2: a quote inside an unquoted field; quote the whole field and double the quote");
}

TEST(Csv, EveryProblemIsListedWhenTheSinkListsThem) {
  Strings problems;
  const auto rows = read(table(SourceFormat::csv, "s", "y"), "s,y\na\"b,1\ngood,0\nx\n\"open\n",
                         TaskKind::classification, [&](const std::string& text) { problems.push_back(text); });
  EXPECT_EQ(problems.size(), 3u);
  ASSERT_EQ(rows.texts.size(), 1u);
  EXPECT_EQ(rows.texts.first[0], "good");
}

TEST(Jsonl, LabelsMayBeTextNumbersBooleansOrLists) {
  const auto source = table(SourceFormat::jsonl, "text", "y");
  EXPECT_EQ(labels_of(read(source, R"({"text": "a", "y": "joy"}
{"text": "b", "y": 2}

{"text": "\u0041", "y": true}
{"text": "c", "y": null}
{"text": "d"}
)")),
            (Strings{"joy", "2", "true", "MISSING", "MISSING"}));
  EXPECT_EQ(labels_of(read(source, R"({"text": "a", "y": ["x", 1]})", TaskKind::multi_label)), (Strings{"x|1"}));
  EXPECT_EQ(labels_of(read(source, R"({"text": "a", "y": 2.5})", TaskKind::regression)), (Strings{"2.5"}));
}

TEST(Jsonl, ABooleanIsTheClassOfThatNameAndNeverAnIndex) {
  const auto source = table(SourceFormat::jsonl, "text", "y");
  const auto read_as = [&](const Strings& names) {
    return labels_of(read(source, "{\"text\": \"a\", \"y\": true}\n{\"text\": \"b\", \"y\": false}\n",
                          TaskKind::classification, throwing_errors(), names));
  };
  EXPECT_EQ(read_as({"true", "false"}), (Strings{"true", "false"}));
  EXPECT_EQ(read_as({"false", "true"}), (Strings{"true", "false"}));
  EXPECT_EQ(read_as({"True", "False"}), (Strings{"True", "False"}));
  EXPECT_EQ(read_as({"0", "1"}), (Strings{"1", "0"}));
  EXPECT_EQ(read_as({"yes", "no"}), (Strings{"true", "false"})) << "which no name and no index equals";
  EXPECT_EQ(read_as({"true", "TRUE"})[0], "true");
}

TEST(Jsonl, AWholeNumberIsOneHoweverItIsWritten) {
  const auto source = table(SourceFormat::jsonl, "text", "y");
  const auto item = [&](const std::string& value, const Strings& names) {
    return labels_of(
        read(source, R"({"text": "a", "y": )" + value + "}", TaskKind::classification, throwing_errors(), names))[0];
  };
  EXPECT_EQ(item("3.0", {"a", "b"}), "3");
  EXPECT_EQ(item("3.0", {"3.0", "4.0"}), "3.0");
  EXPECT_EQ(item("2.5", {"a", "b"}), "2.5");
  EXPECT_NE(message_of<DataError>([&] {
              item("18446744073709551617", {"a", "b"});
            }).find("beyond 64 bits"),
            std::string::npos);
}

TEST(Jsonl, AListOfBitsSaysOfEveryClassWhetherItIsThere) {
  const auto source = table(SourceFormat::jsonl, "text", "y");
  const auto found = [&](const std::string& value, const Strings& names) {
    return labels_of(
        read(source, R"({"text": "t", "y": )" + value + "}", TaskKind::multi_label, throwing_errors(), names))[0];
  };
  const Strings three = {"a", "b", "c"};
  EXPECT_EQ(found("[0, 1, 1]", three), "b|c");
  EXPECT_EQ(found("[0, 0, 0]", three), "");
  EXPECT_EQ(found("[true, false, true]", three), "a|c");
  EXPECT_EQ(found("[2, 0]", three), "2|0") << "indices";
  EXPECT_EQ(found("[\"b\"]", three), "b");
  EXPECT_EQ(found("[true, false]", {"a", "b"}), "a");
  for (const char* const either : {"[0, 1]", "[1, 0]"}) {
    message_of<DataError>([&] { found(either, {"a", "b"}); });
  }
  message_of<DataError>([&] { read(source, R"({"text": "t", "y": true})", TaskKind::regression); });
}

TEST(Jsonl, AListOfObjectsIsReadLikeTheirLines) {
  const auto source = table(SourceFormat::jsonl, "text", "y");
  const Strings expected = {"a", "b"};
  for (const char* const content : {R"([{"text": "one", "y": "a"}, {"text": "two", "y": "b"}])",
                                    "\xEF\xBB\xBF\n [\n{\"text\": \"one\", \"y\": \"a\"},\n"
                                    "{\"text\": \"two\",\n\"y\": \"b\"}\n]\n",
                                    R"({"rows": [{"text": "one", "y": "a"}, {"text": "two", "y": "b"}]})"}) {
    const auto rows = read(source, content);
    EXPECT_EQ(labels_of(rows), expected) << content;
    EXPECT_EQ(rows.texts.first[1], "two");
  }
  EXPECT_EQ(message_of<DataError>([&] { read(source, R"([{"text": "one", "y": "a"}, 7])"); }),
            "f#/1: a JSON object is needed for every row");
  const std::string broken = message_of<DataError>([&] { read(source, "[{\"text\": \"one\"},\n{]"); });
  EXPECT_EQ(broken.rfind("f:2:2: not valid JSON: ", 0), 0U) << broken;
  EXPECT_NE(broken.find("; the file begins like a list of objects"), std::string::npos) << broken;
}

TEST(Jsonl, AnElementOfAListIsNamedByItsPointerAndALineByItsNumber) {
  const auto source = table(SourceFormat::jsonl, "text", "y");
  const std::string row = R"({"text": "one", "y": "a"})", bad = R"({"text": 1, "y": "a"})";
  const auto told = [&](const std::string& content) { return message_of<DataError>([&] { read(source, content); }); };
  EXPECT_EQ(told("[" + row + ",\n" + row + ",\n" + bad + "]").find("f#/2: \"text\" must be"), 0U);
  EXPECT_EQ(told("{\"rows/all\": [" + row + "," + bad + "]}").find("f#/rows~1all/1: \"text\" must be"), 0U);
  EXPECT_EQ(told(row + "\n" + row + "\n" + bad).find("f:3: \"text\" must be"), 0U);
  EXPECT_EQ(read(source, "[" + row + "," + row + "]").labels[0].file.place(2), "f#/1: ") << "as a wrong label is told";
  EXPECT_EQ(read(source, row + "\n" + row).labels[0].file.place(2), "f:2: ");
}

TEST(Tables, BlankLinesAndRowsOfEmptyCellsAreLeftOut) {
  for (const auto& [format, content] : std::vector<std::pair<SourceFormat, std::string>>{
           {SourceFormat::csv, "s,y\none,1\n\ntwo,0\n,\n , \n\n"},
           {SourceFormat::csv, "\r\ns,y\r\none,1\r\n\r\ntwo,0\r\n\"\",\"\"\r\n"},
           {SourceFormat::tsv, "s\ty\none\t1\n\n\t\ntwo\t0\n\n\n"}}) {
    const auto rows = read(table(format, "s", "y"), content);
    EXPECT_EQ(labels_of(rows), (Strings{"1", "0"})) << content;
    EXPECT_EQ(rows.texts.first[1], "two");
  }
  // A text that is empty beside a label is a row.
  EXPECT_EQ(read(table(SourceFormat::csv, "s", "y"), "s,y\n,1\n").texts.size(), 1U);
}

TEST(Jsonl, WordListsKeepTheirWords) {
  const auto rows = read(table(SourceFormat::jsonl, "tokens", "tags"),
                         R"({"tokens": ["New York", "is"], "tags": ["B", "O"]})", TaskKind::tagging);
  EXPECT_EQ(rows.texts.first[0], "New York is");
  ASSERT_EQ(rows.texts.words.size(), 2u);
  EXPECT_EQ(rows.texts.words[0].end, 8);
  EXPECT_EQ(labels_of(rows), (Strings{"B|O"}));
}

TEST(Jsonl, EveryKindOfBrokenLineIsNamed) {
  const auto source = table(SourceFormat::jsonl, "text", "y");
  for (const char* line : {"{", "[1]", "12", R"({"y": 1})", R"({"text": 3, "y": 1})", R"({"text": "a", "y": {}})",
                           R"({"text": "a", "y": [1]})", "{\"text\": \"a\nb\"}"}) {
    const std::string message =
        message_of<DataError>([&] { read(source, std::string(R"({"text": "a", "y": 1})") + "\n" + line); });
    EXPECT_EQ(message.rfind("f:2:", 0), 0u) << message;
  }
  message_of<DataError>([&] { read(source, std::string(100000, '[')); });
}

TEST(Conll, SentencesEndAtBlankLinesOfAnyKind) {
  Source source = table(SourceFormat::conll, "0", "1");
  const auto rows = read(source, "-DOCSTART-\tO\n\nNew\tB-loc\nYork\tI-loc\n\t\n\nHi\tO\n", TaskKind::tagging);
  ASSERT_EQ(rows.texts.size(), 2u);
  EXPECT_EQ(rows.texts.first[0], "New York");
  EXPECT_EQ(labels_of(rows), (Strings{"B-loc|I-loc", "O"}));
  EXPECT_EQ(rows.lines, (std::vector<std::int32_t>{3, 7}));
  source.label_columns.clear();  // the last column
  EXPECT_EQ(labels_of(read(source, "EU NNP I-NP B-ORG\nrejects VBZ I-VP O\n", TaskKind::tagging)),
            (Strings{"B-ORG|O"}));
}

TEST(Conll, TooFewColumnsSpoilTheirSentenceOnly) {
  Strings problems;
  const auto rows = read(table(SourceFormat::conll, "0", "1"), "a\tO\nalone\n\nb\tO\n", TaskKind::tagging,
                         [&](const std::string& text) { problems.push_back(text); });
  EXPECT_EQ(problems, (Strings{"f:2: 1 column(s) where 2 are needed"}));
  ASSERT_EQ(rows.texts.size(), 1u);
  EXPECT_EQ(rows.texts.first[0], "b");
  EXPECT_EQ(rows.labels[0].size(), 1u);
}

TEST(Conll, EveryLineHasAsManyColumnsAndCommentsAreNone) {
  Source source = table(SourceFormat::conll, "0", "1");
  source.label_columns.clear();  // the last column
  const auto problems = [&](const std::string& content) {
    Strings found;
    read(source, content, TaskKind::tagging, [&](const std::string& text) { found.push_back(text); });
    return found;
  };
  const std::string comments = "; comments are no part of this format, take them out";
  EXPECT_EQ(problems("# sent_id = 1\na T0\n\nb T1\n"),
            (Strings{"f:2: 2 columns where the first line has 4" + comments,
                     "f:4: 2 columns where the first line has 4" + comments}));
  EXPECT_EQ(problems("a T0\n\n# text\nc T0\n\n# x y\nb T1\n"),
            (Strings{"f:6: 3 columns where the first line has 2" + comments}));
  EXPECT_EQ(problems("a N T0\nb T1\n"), (Strings{"f:2: 2 columns where the first line has 3"}));
  EXPECT_EQ(problems("-DOCSTART- -X- O O\n\na T0\nb T1\n"), Strings{});
}

TEST(LabelText, LabelIsWhatStandsBeforeTheFirstBlank) {
  const auto rows = read(table(SourceFormat::label_text, "", "label"), "DESC:manner How did it end ?\n1  two blanks\n");
  EXPECT_EQ(labels_of(rows), (Strings{"DESC:manner", "1"}));
  EXPECT_EQ(rows.texts.first[1], " two blanks");
  EXPECT_EQ(message_of<DataError>([] { read(table(SourceFormat::label_text, "", "label"), "alone\n"); }),
            "f:1: no \"LABEL text\" here (a label, one blank, the text)");
}

TEST(MultiLabel, SeparatedItemsOrOneColumnAClass) {
  EXPECT_EQ(labels_of(read(table(SourceFormat::tsv, "s", "y"), "s\ty\nx\ta , b\ny\t\n", TaskKind::multi_label)),
            (Strings{"a|b", ""}));
  Source source = table(SourceFormat::csv, "s", "a");
  source.label_columns = {"a", "b"};
  EXPECT_EQ(labels_of(read(source, "s,a,b\nx,1,0\ny,1,1\nz,0,0\nw,,\n", TaskKind::multi_label)),
            (Strings{"a", "a|b", "", "MISSING"}));
  EXPECT_EQ(message_of<DataError>([&] { read(source, "s,a,b\nx,2,0\n", TaskKind::multi_label); }),
            "f:2: column \"a\" holds \"2\" where 0 or 1 is needed");
}

}  // namespace
}  // namespace infomtl::data
