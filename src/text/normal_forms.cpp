#include "text/normal_forms.h"

#include <algorithm>

#include "text/unicode.h"

namespace infomtl::text {
namespace {

// Canonical order: marks between two starters are sorted by combining class, equal classes keep their order. The
// characters a decomposition adds are insertions, wherever the sorting puts them.
std::vector<Change> decomposition(std::string_view text, bool compatibility) {
  std::vector<Change> all;
  std::size_t starter_end = 0;  // what lies behind is still to be sorted
  const auto sort = [&] {
    std::stable_sort(all.begin() + static_cast<std::ptrdiff_t>(starter_end), all.end(),
                     [](const Change& a, const Change& b) { return combining_class(a.c) < combining_class(b.c); });
    starter_end = all.size();
  };
  for (std::size_t i = 0; i < text.size();) {
    char32_t parts[32];
    const int count = decompose(decode_utf8(text, i), compatibility, parts);
    for (int k = 0; k < count; ++k) {
      const bool starter = combining_class(parts[k]) == 0;
      if (starter) sort();
      all.push_back({parts[k], k > 0 ? 1 : 0});
      if (starter) starter_end = all.size();
    }
  }
  sort();
  return all;
}

// Canonical composition of decomposed text. A composed character stands for both of its parts.
std::vector<Change> composition(const std::vector<Change>& decomposed) {
  std::vector<Change> all, marks;
  Change base{0, 0};
  bool has_base = false;
  int last_class = -1;  // of the last mark that stayed between, -1 when none did
  const auto flush = [&] {
    if (has_base) all.push_back(base);
    all.insert(all.end(), marks.begin(), marks.end());
    marks.clear();
    last_class = -1;
  };
  for (const Change& change : decomposed) {
    const int mark_class = combining_class(change.c);
    if (!has_base) {
      if (mark_class != 0) {
        all.push_back(change);
      } else {
        base = change, has_base = true;
      }
      continue;
    }
    const bool blocked = last_class >= mark_class;
    const char32_t composed = blocked ? 0 : compose(base.c, change.c);
    if (composed != 0) {
      base = {composed, base.shift + change.shift - 1};
    } else if (mark_class == 0) {
      flush();
      base = change;
    } else {
      marks.push_back(change);
      last_class = mark_class;
    }
  }
  flush();
  return all;
}

class Composition final : public Normalizer {
 public:
  explicit Composition(bool compatibility) : compatibility_(compatibility) {}
  void apply(AlignedText& text) const override {
    if (is_ascii(text.text)) return;
    apply_changes(text, composition(decomposition(text.text, compatibility_)));
  }
  Reach reach() const override { return Reach::kWord; }

 private:
  bool compatibility_;
};

class Decomposition final : public Normalizer {
 public:
  explicit Decomposition(bool compatibility) : compatibility_(compatibility) {}
  void apply(AlignedText& text) const override { decompose(text, compatibility_); }
  Reach reach() const override { return Reach::kWord; }

 private:
  bool compatibility_;
};

}  // namespace

void decompose(AlignedText& text, bool compatibility) {
  if (!is_ascii(text.text)) apply_changes(text, decomposition(text.text, compatibility));
}

std::unique_ptr<Normalizer> make_decomposition(bool compatibility) {
  return std::make_unique<Decomposition>(compatibility);
}
std::unique_ptr<Normalizer> make_composition(bool compatibility) {
  return std::make_unique<Composition>(compatibility);
}

}  // namespace infomtl::text
