// Every reader on arbitrary bytes: an error in words or rows that fit together, nothing else.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "data/readers.h"
#include "infomtl/core/errors.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace infomtl;
  using namespace infomtl::data;
  if (size < 2) return 0;
  constexpr std::size_t kFormats = 6;
  constexpr std::size_t kKinds = 4;
  Source source;
  source.file = "fuzz";
  source.format = static_cast<SourceFormat>(bytes[0] % kFormats);
  const auto kind = static_cast<TaskKind>(bytes[1] % kKinds);
  const bool by_index = (bytes[1] & 64U) != 0;
  source.text_column = by_index ? "0" : "text";
  if ((bytes[1] & 128U) != 0) source.pair_column = by_index ? "1" : "pair";
  source.label_columns = {by_index ? "1" : "label"};
  const std::string_view content(reinterpret_cast<const char*>(bytes) + 2, size - 2);
  const std::size_t half = content.size() / 2;
  const bool lines = source.format == SourceFormat::lines;
  const std::vector<std::string> names = {"a", "b"};
  const std::vector<LabelRequest> requests = {{kind, &source, &names}};
  try {
    std::size_t problems = 0;
    const SourceRows rows = read_rows(source, lines ? content.substr(0, half) : content, "", requests,
                                      {lines ? std::string(content.substr(half)) : ""}, kind == TaskKind::tagging,
                                      [&](const std::string& problem) { problems += problem.empty() ? 0 : 1; });
    const RawLabels& labels = rows.labels[0];
    const bool fits = labels.size() == rows.texts.size() && rows.lines.size() == rows.texts.size() &&
                      labels.lines.size() == labels.size() && labels.offsets.size() == labels.size() + 1 &&
                      static_cast<std::size_t>(labels.offsets.back()) == labels.items.size();
    if (!fits) std::abort();
    for (const WordRange& word : rows.texts.words) {
      if (word.begin > word.end) std::abort();
    }
  } catch (const UserError&) {
    return 0;
  }
  return 0;
}
