#include "runs/event_writer.h"

#include <unistd.h>

#include <array>
#include <bit>
#include <chrono>

#include "infomtl/core/errors.h"

namespace infomtl {
namespace {

std::array<std::uint32_t, 256> make_crc_table() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t value = byte;
    for (int bit = 0; bit < 8; ++bit) value = (value >> 1) ^ ((value & 1U) != 0 ? 0x82F63B78U : 0U);
    table[byte] = value;
  }
  return table;
}

template <class Number>
void put_little_endian(std::string& out, Number number) {
  for (std::size_t i = 0; i < sizeof(Number); ++i) out += static_cast<char>((number >> (8 * i)) & 0xFF);
}

// Protocol buffers: a field is its number and wire type (0 varint, 1 eight bytes, 2 length and bytes, 5 four bytes).
void put_varint(std::string& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) out += static_cast<char>((value & 0x7F) | 0x80);
  out += static_cast<char>(value);
}
void put_key(std::string& out, unsigned field, unsigned wire_type) { put_varint(out, (field << 3) | wire_type); }
void put_integer(std::string& out, unsigned field, std::int64_t value) {
  put_key(out, field, 0);
  put_varint(out, static_cast<std::uint64_t>(value));
}
void put_double(std::string& out, unsigned field, double value) {
  put_key(out, field, 1);
  put_little_endian(out, std::bit_cast<std::uint64_t>(value));
}
void put_float(std::string& out, unsigned field, float value) {
  put_key(out, field, 5);
  put_little_endian(out, std::bit_cast<std::uint32_t>(value));
}
void put_bytes(std::string& out, unsigned field, std::string_view bytes) {
  put_key(out, field, 2);
  put_varint(out, bytes.size());
  out += bytes;
}

// Fields of the messages Event, SessionLog, Summary and Summary.Value.
constexpr unsigned kWallTime = 1, kStep = 2, kFileVersion = 3, kSummary = 5, kSessionLog = 7;
constexpr unsigned kStatus = 1, kSummaryValue = 1, kTag = 1, kSimpleValue = 2;
constexpr std::int64_t kStatusStart = 1;

std::string event(double wall_time, std::int64_t step) {
  std::string message;
  put_double(message, kWallTime, wall_time);
  if (step != 0) put_integer(message, kStep, step);
  return message;
}

double now() { return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count(); }

}  // namespace

std::uint32_t masked_crc32c(std::string_view bytes) {
  static const std::array<std::uint32_t, 256> table = make_crc_table();
  std::uint32_t crc = ~0U;
  for (const char byte : bytes) crc = (crc >> 8) ^ table[(crc ^ static_cast<unsigned char>(byte)) & 0xFFU];
  return std::rotr(~crc, 15) + 0xA282EAD8U;
}

std::string tfrecord(std::string_view bytes) {
  std::string record;
  put_little_endian(record, static_cast<std::uint64_t>(bytes.size()));
  put_little_endian(record, masked_crc32c(record));
  record += bytes;
  put_little_endian(record, masked_crc32c(bytes));
  return record;
}

std::string version_event(double wall_time) {
  std::string message = event(wall_time, 0);
  put_bytes(message, kFileVersion, "brain.Event:2");
  return message;
}

std::string session_start_event(double wall_time, std::int64_t step) {
  std::string log;
  put_integer(log, kStatus, kStatusStart);
  std::string message = event(wall_time, step);
  put_bytes(message, kSessionLog, log);
  return message;
}

std::string scalars_event(double wall_time, std::int64_t step,
                          const std::vector<std::pair<std::string, double>>& scalars) {
  std::string summary;
  for (const auto& [tag, number] : scalars) {
    std::string value;
    put_bytes(value, kTag, tag);
    put_float(value, kSimpleValue, static_cast<float>(number));
    put_bytes(summary, kSummaryValue, value);
  }
  std::string message = event(wall_time, step);
  put_bytes(message, kSummary, summary);
  return message;
}

EventWriter::EventWriter(const std::filesystem::path& folder, std::int64_t first_step) {
  const double start = now();
  char host[256] = "localhost";
  gethostname(host, sizeof host - 1);
  // TensorBoard reads the files of a folder in the order of their names; several may start within a second.
  for (int number = 0; file_.empty() || std::filesystem::exists(file_); ++number) {
    file_ = folder / ("events.out.tfevents." + std::to_string(static_cast<std::int64_t>(start)) + "." + host + "." +
                      std::to_string(getpid()) + "." + std::to_string(number));
  }
  out_.open(file_, std::ios::binary);
  if (!out_) throw IoError(file_.string() + ": cannot be created");
  append(version_event(start));
  if (first_step > 0) append(session_start_event(start, first_step));
}

void EventWriter::scalars(std::int64_t step, const std::vector<std::pair<std::string, double>>& scalars) {
  append(scalars_event(now(), step, scalars));
}

void EventWriter::append(const std::string& event) {
  const std::string record = tfrecord(event);
  out_.write(record.data(), static_cast<std::streamsize>(record.size()));
  out_.flush();
  if (!out_) throw IoError(file_.string() + ": cannot be written");
}

}  // namespace infomtl
