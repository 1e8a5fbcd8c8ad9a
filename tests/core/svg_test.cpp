#include "infomtl/core/svg.h"

#include <gtest/gtest.h>

#include "infomtl/core/utf8.h"

namespace infomtl {
namespace {

TEST(Svg, EscapesText) {
  EXPECT_EQ(escaped("a<b & \"c\" 'd'>"), "a&lt;b &amp; &quot;c&quot; &#39;d&#39;&gt;");
  EXPECT_EQ(svg_text({1, 2.25}, "<x>", "class='t'"), "<text x='1' y='2.2' class='t'>&lt;x&gt;</text>\n");
}

TEST(Svg, WritesShortNumbers) {
  EXPECT_EQ(svg_number(3), "3");
  EXPECT_EQ(svg_number(-0.01), "0");
  EXPECT_EQ(svg_number(12.34), "12.3");
}

TEST(Svg, ShapesWithoutEnoughPointsAreNothing) {
  EXPECT_EQ(svg_polyline({{1, 1}}, ""), "");
  EXPECT_EQ(svg_polygon({{1, 1}, {2, 2}}, ""), "");
  EXPECT_EQ(svg_polyline({{1, 1}, {2, 3}}, "class='l'"), "<polyline fill='none' points='1,1 2,3' class='l'/>\n");
}

TEST(Utf8, PrintableReplacesWhatATerminalOrAPageWouldObey) {
  EXPECT_EQ(printable("plain é 😀 שלום"), "plain é 😀 שלום");
  EXPECT_EQ(printable("a\x1b[31m\n\tb\x7f"), "a\uFFFD[31m\uFFFD\uFFFDb\uFFFD");
  EXPECT_EQ(printable("a\u202Eb\u2066c\u200F"), "a\uFFFDb\uFFFDc\uFFFD");
  EXPECT_EQ(printable("a\xff\xc3"), "a\uFFFD\uFFFD");
  EXPECT_EQ(printable(""), "");
}

TEST(Utf8, WidthIsThatOfATerminal) {
  EXPECT_EQ(display_width("abc"), 3U);
  EXPECT_EQ(display_width("é"), 1U);
  EXPECT_EQ(display_width("e\u0301"), 1U);
  EXPECT_EQ(display_width("日本"), 4U);
  EXPECT_EQ(display_width("😀"), 2U);
  EXPECT_EQ(display_width("▁█"), 2U);
  EXPECT_EQ(display_width("\xe2\x82"), 1U) << "half a sign is no reason to read on";
}

TEST(Utf8, ShorteningNeverCutsASign) {
  EXPECT_EQ(shortened_to("abcdef", 6), "abcdef");
  EXPECT_EQ(shortened_to("abcdef", 4), "abc…");
  EXPECT_EQ(shortened_to("日本語", 4), "日…");
  EXPECT_EQ(shortened_to("abc", 0), "");
}

TEST(Wrapped, BreaksAtBlanksAndShortensALongerWord) {
  EXPECT_EQ(wrapped("validation average 27.50, cola 0.00", 25), "validation average 27.50,\ncola 0.00\n");
  EXPECT_EQ(wrapped("one line", std::string::npos), "one line\n");
  EXPECT_EQ(wrapped("日本 日本", 8), "日本\n日本\n");
  EXPECT_EQ(wrapped("a incomprehensible word", 8), "a\nincompr…\nword\n");
  EXPECT_EQ(wrapped("", 8), "\n");
}

}  // namespace
}  // namespace infomtl
