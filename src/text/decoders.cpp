#include "text/decoders.h"

#include <utility>

#include "infomtl/core/utf8.h"
#include "text/bpe.h"
#include "text/pre_tokenizers.h"
#include "text/unicode.h"

namespace infomtl::text {
namespace {

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  if (from.empty()) return;
  for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
}

class WordPieceDecoder final : public Decoder {
 public:
  WordPieceDecoder(std::string prefix, bool cleanup) : prefix_(std::move(prefix)), cleanup_(cleanup) {}

  void apply(std::vector<std::string>& tokens) const override {
    static constexpr std::pair<std::string_view, std::string_view> kCleanups[] = {
        {" .", "."},   {" ?", "?"},           {" !", "!"},   {" ,", ","},     {" ' ", "'"},   {" n't", "n't"},
        {" 'm", "'m"}, {" do not", " don't"}, {" 's", "'s"}, {" 've", "'ve"}, {" 're", "'re"}};
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      std::string& token = tokens[i];
      if (i > 0) {
        if (token.starts_with(prefix_)) {
          token.erase(0, prefix_.size());
        } else {
          token.insert(0, 1, ' ');
        }
      }
      if (!cleanup_) continue;
      for (const auto& [from, to] : kCleanups) replace_all(token, from, to);
    }
  }

 private:
  std::string prefix_;
  bool cleanup_;
};

class ByteLevelDecoder final : public Decoder {
 public:
  void apply(std::vector<std::string>& tokens) const override {
    std::string bytes, spelled;
    for (const std::string& token : tokens) {
      spelled.clear();
      bool all = true;
      for (std::size_t i = 0; all && i < token.size();) {
        const int byte = byte_level_byte(decode_utf8(token, i));
        all = byte >= 0;
        spelled.push_back(static_cast<char>(byte));
      }
      bytes += all ? spelled : token;
    }
    tokens.assign(1, to_valid_utf8(bytes));
  }
};

class MetaspaceDecoder final : public Decoder {
 public:
  MetaspaceDecoder(std::string replacement, bool drop_first)
      : replacement_(std::move(replacement)), drop_first_(drop_first) {}
  void apply(std::vector<std::string>& tokens) const override {
    for (std::size_t i = 0; i < tokens.size(); ++i)
      replace_all(tokens[i], replacement_, i == 0 && drop_first_ ? "" : " ");
  }

 private:
  std::string replacement_;
  bool drop_first_;
};

class ReplaceDecoder final : public Decoder {
 public:
  ReplaceDecoder(std::string from, std::string to) : from_(std::move(from)), to_(std::move(to)) {}
  void apply(std::vector<std::string>& tokens) const override {
    for (std::string& token : tokens) replace_all(token, from_, to_);
  }

 private:
  std::string from_, to_;
};

class FuseDecoder final : public Decoder {
 public:
  void apply(std::vector<std::string>& tokens) const override {
    std::string joined;
    for (const std::string& token : tokens) joined += token;
    tokens.assign(1, joined);
  }
};

// Runs of <0x..> tokens become their bytes, or one U+FFFD a byte where those are not UTF-8.
class ByteFallbackDecoder final : public Decoder {
 public:
  void apply(std::vector<std::string>& tokens) const override {
    std::vector<std::string> result;
    std::string bytes;
    const auto flush = [&] {
      if (bytes.empty()) return;
      if (find_invalid_utf8(bytes) == std::string_view::npos) {
        result.push_back(bytes);
      } else {
        result.insert(result.end(), bytes.size(), "\uFFFD");
      }
      bytes.clear();
    };
    for (std::string& token : tokens) {
      if (const int byte = byte_of(token); byte >= 0) {
        bytes.push_back(static_cast<char>(byte));
      } else {
        flush();
        result.push_back(std::move(token));
      }
    }
    flush();
    tokens = std::move(result);
  }

 private:
  static int byte_of(std::string_view token) {
    if (token.size() != 6 || !token.starts_with("<0x") || token[5] != '>') return -1;
    int value = 0;
    for (const char c : token.substr(3, 2)) {
      const int digit = c >= '0' && c <= '9'   ? c - '0'
                        : c >= 'A' && c <= 'F' ? c - 'A' + 10
                        : c >= 'a' && c <= 'f' ? c - 'a' + 10
                                               : -1;
      if (digit < 0) return -1;
      value = value * 16 + digit;
    }
    return value;
  }
};

// At most `start` and `stop` times `content` away from the ends of every token.
class StripDecoder final : public Decoder {
 public:
  StripDecoder(std::string content, std::int64_t start, std::int64_t stop)
      : content_(std::move(content)), start_(start), stop_(stop) {}
  void apply(std::vector<std::string>& tokens) const override {
    if (content_.empty()) return;
    for (std::string& token : tokens) {
      for (std::int64_t i = 0; i < start_ && token.starts_with(content_); ++i) token.erase(0, content_.size());
      for (std::int64_t i = 0; i < stop_ && token.ends_with(content_); ++i) token.erase(token.size() - content_.size());
    }
  }

 private:
  std::string content_;
  std::int64_t start_, stop_;
};

struct Reader {
  std::string_view type;
  std::unique_ptr<Decoder> (*read)(const JsonField&);
};
constexpr Reader kReaders[] = {
    {"WordPiece",
     [](const JsonField& field) {
       return make_wordpiece_decoder(field["prefix"].text("##"), field["cleanup"].boolean(true));
     }},
    {"ByteLevel", [](const JsonField&) { return make_byte_level_decoder(); }},
    {"Metaspace",
     [](const JsonField& field) {
       const Metaspace settings = read_metaspace(field);
       std::string replacement;
       append_utf8(replacement, settings.replacement());
       return make_metaspace_decoder(std::move(replacement), settings.prepend() != Metaspace::Prepend::kNever);
     }},
    {"Replace",
     [](const JsonField& field) -> std::unique_ptr<Decoder> {
       return std::make_unique<ReplaceDecoder>(field["pattern"]["String"].text(), field["content"].text());
     }},
    {"Fuse", [](const JsonField&) -> std::unique_ptr<Decoder> { return std::make_unique<FuseDecoder>(); }},
    {"ByteFallback",
     [](const JsonField&) -> std::unique_ptr<Decoder> { return std::make_unique<ByteFallbackDecoder>(); }},
    {"Strip",
     [](const JsonField& field) -> std::unique_ptr<Decoder> {
       return std::make_unique<StripDecoder>(field["content"].text(), field["start"].integer(0),
                                             field["stop"].integer(0));
     }},
};

}  // namespace

std::unique_ptr<Decoder> make_wordpiece_decoder(std::string prefix, bool cleanup) {
  return std::make_unique<WordPieceDecoder>(std::move(prefix), cleanup);
}
std::unique_ptr<Decoder> make_byte_level_decoder() { return std::make_unique<ByteLevelDecoder>(); }
std::unique_ptr<Decoder> make_metaspace_decoder(std::string replacement, bool drop_first) {
  return std::make_unique<MetaspaceDecoder>(std::move(replacement), drop_first);
}

void read_decoders(const JsonField& field, std::vector<std::unique_ptr<Decoder>>& decoders) {
  if (field.is_null()) return;
  const JsonField type = field["type"];
  const std::string name = type.text();
  if (name == "Sequence") {
    for (const JsonField& element : field["decoders"].elements()) read_decoders(element, decoders);
    return;
  }
  std::vector<std::string> known{"Sequence"};
  for (const Reader& reader : kReaders) {
    if (reader.type == name) {
      decoders.push_back(reader.read(field));
      return;
    }
    known.emplace_back(reader.type);
  }
  type.fail("decoder \"" + name + "\" is not supported" + did_you_mean(name, known));
}

std::string to_valid_utf8(std::string_view bytes) {
  std::string result;
  std::size_t i = 0;
  const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(bytes[at]); };
  while (i < bytes.size()) {
    const unsigned char lead = byte(i);
    std::size_t need = lead < 0x80                   ? 0
                       : lead >= 0xC2 && lead < 0xE0 ? 1
                       : lead >= 0xE0 && lead < 0xF0 ? 2
                       : lead >= 0xF0 && lead < 0xF5 ? 3
                                                     : 9;
    if (need == 9) {
      result += "\uFFFD";
      ++i;
      continue;
    }
    unsigned char low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
    unsigned char high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
    std::size_t end = i + 1;
    while (need > 0 && end < bytes.size() && byte(end) >= low && byte(end) <= high) {
      ++end, --need;
      low = 0x80, high = 0xBF;
    }
    if (need == 0) {
      result.append(bytes.substr(i, end - i));
    } else {
      result += "\uFFFD";
    }
    i = end;
  }
  return result;
}

}  // namespace infomtl::text
