#include "text/json_field.h"

#include <cmath>
#include <limits>

#include "infomtl/core/json_file.h"
#include "infomtl/core/json_pointer.h"
#include "infomtl/core/utf8.h"

namespace infomtl::text {
namespace {

constexpr int kDeepest = 32;  // no tokenizer file nests deeper; keeps recursion over fields small

const TreeJson& missing() {
  static const TreeJson null;
  return null;
}

}  // namespace

std::string JsonField::where() const { return depth_ == 0 ? where_.substr(0, where_.rfind('#')) : where_; }

JsonField JsonField::operator[](std::string_view key) const {
  constexpr std::size_t kLongestKey = 80;
  if (depth_ >= kDeepest) fail("nested too deep");
  const auto& fields = object();
  const auto found = fields.find(key);
  return {found == fields.end() ? missing() : *found, pointer_below(where_, shortened_to(printable(key), kLongestKey)),
          depth_ + 1};
}

JsonField JsonField::operator[](std::size_t index) const {
  if (depth_ >= kDeepest) fail("nested too deep");
  if (!value_->is_array()) fail_found("an array");
  if (index >= value_->size()) {
    fail("has " + std::to_string(value_->size()) + " elements; must have more than " + std::to_string(index));
  }
  return {(*value_)[index], pointer_below(where_, index), depth_ + 1};
}

std::vector<JsonField> JsonField::elements() const {
  if (!value_->is_array()) fail_found("an array");
  std::vector<JsonField> result;
  for (std::size_t i = 0; i < value_->size(); ++i) result.push_back((*this)[i]);
  return result;
}

const TreeJson& JsonField::object() const {
  if (!value_->is_object()) fail_found("an object");
  return *value_;
}

std::string JsonField::text() const {
  if (!value_->is_string()) fail_found("a string");
  return value_->get<std::string>();
}

std::string JsonField::text(std::string_view fallback) const { return is_null() ? std::string(fallback) : text(); }

bool JsonField::boolean(bool fallback) const {
  if (is_null()) return fallback;
  if (!value_->is_boolean()) fail_found("true or false");
  return value_->get<bool>();
}

std::int64_t JsonField::integer() const {
  if (!value_->is_number_integer()) fail_found("an integer");
  constexpr std::int64_t kLargest = std::numeric_limits<std::int64_t>::max();
  if (value_->is_number_unsigned() && value_->get<std::uint64_t>() > static_cast<std::uint64_t>(kLargest)) {
    fail_found("at most " + std::to_string(kLargest));
  }
  return value_->get<std::int64_t>();
}

std::int64_t JsonField::integer(std::int64_t fallback) const { return is_null() ? fallback : integer(); }

double JsonField::number() const {
  if (!value_->is_number() || !std::isfinite(value_->get<double>())) fail_found("a number");
  return value_->get<double>();
}

void JsonField::fail(const std::string& problem) const { throw FormatError(where() + ": " + problem); }

void JsonField::fail_found(const std::string& needed) const {
  fail((value_ == &missing() ? "missing" : "found " + described(*value_)) + "; must be " + needed);
}

}  // namespace infomtl::text
