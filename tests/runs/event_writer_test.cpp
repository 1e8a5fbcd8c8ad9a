#include "runs/event_writer.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <limits>

#include "infomtl/core/errors.h"
#include "infomtl/core/files.h"
#include "support/fixture.h"

namespace infomtl {
namespace {

std::string hexadecimal(const std::string& bytes) {
  std::string text;
  for (const char byte : bytes) {
    char pair[3];
    std::snprintf(pair, sizeof pair, "%02x", static_cast<unsigned char>(byte));
    text += pair;
  }
  return text;
}

TEST(EventWriter, ChecksumsAreThoseOfTheStandardTestVectors) {
  // RFC 3720, B.4: CRC-32C of 32 zero bytes is 8a9136aa, of "123456789" is e3069283; here masked.
  const auto masked = [](std::uint32_t crc) { return ((crc >> 15) | (crc << 17)) + 0xa282ead8U; };
  EXPECT_EQ(masked_crc32c(std::string(32, '\0')), masked(0x8a9136aaU));
  EXPECT_EQ(masked_crc32c("123456789"), masked(0xe3069283U));
}

TEST(EventWriter, RecordsEqualThoseOfTheTensorboardPackageByteForByte) {
  const Json golden = testing::read_fixture("train/events.json");
  EXPECT_EQ(hexadecimal(tfrecord(version_event(1700000000.25))), golden["version"].get<std::string>());
  EXPECT_EQ(hexadecimal(tfrecord(session_start_event(1700000001.5, 300))), golden["session_start"].get<std::string>());
  const std::vector<std::pair<std::string, double>> scalars = {
      {"loss/hate/supervised", 0.625},
      {"gr\xc3\xb6\xc3\x9f"
       "e",
       -3.5e-8},
      {std::string(200, 'x'), std::numeric_limits<double>::infinity()}};
  EXPECT_EQ(hexadecimal(tfrecord(scalars_event(1700000002.75, 4242, scalars))), golden["scalars"].get<std::string>());
}

TEST(EventWriter, EveryWriterOfAFolderHasAFileOfItsOwn) {
  const auto folder = std::filesystem::temp_directory_path() / ("infomtl_events_" + std::to_string(getpid()));
  std::filesystem::create_directories(folder);
  {
    EventWriter first(folder, 0);
    first.scalars(1, {{"loss", 1.0}});
    EventWriter second(folder, 2);
    second.scalars(2, {{"loss", 0.5}});
  }
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    ++files;
    EXPECT_GT(entry.file_size(), 40U);
  }
  EXPECT_EQ(files, 2U);
  std::filesystem::remove_all(folder);
  EXPECT_THROW(EventWriter(folder / "missing", 0), IoError);
}

}  // namespace
}  // namespace infomtl
