#include "text/aligned_text.h"

#include <algorithm>

#include "text/unicode.h"

namespace infomtl::text {

AlignedText::AlignedText(std::string_view original, std::uint32_t start) : text(original), origin(start) {
  spans.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t length = utf8_length(static_cast<unsigned char>(text[i]));
    const auto begin = static_cast<std::uint32_t>(start + i);
    spans.insert(spans.end(), length, {begin, static_cast<std::uint32_t>(begin + length)});
    i += length;
  }
}

AlignedText AlignedText::slice(std::size_t begin, std::size_t end) const {
  AlignedText piece;
  piece.text = text.substr(begin, end - begin);
  piece.spans.assign(spans.begin() + static_cast<std::ptrdiff_t>(begin),
                     spans.begin() + static_cast<std::ptrdiff_t>(end));
  piece.origin = piece.spans.empty() ? origin : piece.spans.front().first;
  return piece;
}

Rewriter::Rewriter(AlignedText& target)
    : target_(target), source_(std::move(target.text)), source_spans_(std::move(target.spans)) {
  text_.reserve(source_.size() + 8);
  spans_.reserve(source_.size() + 8);
}

char32_t Rewriter::peek() const {
  std::size_t position = cursor_;
  return decode_utf8(source_, position);
}

void Rewriter::replace(char32_t c) {
  if (done()) return insert(c);
  write(c, source_spans_[cursor_]);
  skip();
}

void Rewriter::insert(char32_t c) {
  write(c, cursor_ == 0 ? Span{target_.origin, target_.origin} : source_spans_[cursor_ - 1]);
}

void Rewriter::skip() {
  cursor_ = std::min(source_.size(), cursor_ + utf8_length(static_cast<unsigned char>(source_[cursor_])));
}

void Rewriter::finish() {
  target_.text = std::move(text_);
  target_.spans = std::move(spans_);
}

void Rewriter::write(char32_t c, Span span) { spans_.insert(spans_.end(), append_utf8(text_, c), span); }

void apply_changes(AlignedText& text, const std::vector<Change>& changes) {
  Rewriter rewriter(text);
  for (const Change& change : changes) {
    if (change.shift > 0) {
      rewriter.insert(change.c);
    } else {
      rewriter.replace(change.c);
    }
    for (int skipped = 0; skipped > change.shift && !rewriter.done(); --skipped) rewriter.skip();
  }
  rewriter.finish();
}

}  // namespace infomtl::text
