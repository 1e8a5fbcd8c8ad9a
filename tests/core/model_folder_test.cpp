// Models by path and by their names in the Hugging Face cache.
#include "infomtl/core/model_folder.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <optional>

#include "infomtl/core/errors.h"
#include "support/temporary_folder.h"

namespace infomtl {
namespace {

namespace fs = std::filesystem;

/// A variable of the environment for the time of a test.
class Variable {
 public:
  Variable(const char* name, const std::string& value) : name_(name) {
    if (const char* old = ::getenv(name); old != nullptr) old_ = old;
    value.empty() ? ::unsetenv(name) : ::setenv(name, value.c_str(), 1);
  }
  ~Variable() { old_ ? ::setenv(name_, old_->c_str(), 1) : ::unsetenv(name_); }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

 private:
  const char* name_;
  std::optional<std::string> old_;
};

class ModelFolder : public ::testing::Test {
 protected:
  /// Files as `hf download` lays them: blobs, and links to them in a snapshot.
  void fetch(const std::string& model, const std::string& commit, bool main) {
    const fs::path root = folder_.path() / "hub" / model;
    fs::create_directories(root / "snapshots" / commit);
    folder_.write("hub/" + model + "/blobs/" + commit, "{}");
    fs::create_symlink("../../blobs/" + commit, root / "snapshots" / commit / "config.json");
    if (main) folder_.write("hub/" + model + "/refs/main", commit + "\n");
  }

  testing::TemporaryFolder folder_;
  Variable hub_{"HF_HUB_CACHE", (folder_.path() / "hub").string()};
};

TEST_F(ModelFolder, IsAPathThatIsThereBeforeAName) {
  fetch("models--mine", "abc", true);
  const fs::path here = folder_.path() / "mine";
  EXPECT_EQ(find_model_folder("mine", here), folder_.path() / "hub/models--mine/snapshots/abc");
  fs::create_directories(here);
  EXPECT_EQ(find_model_folder("mine", here), here);
}

TEST_F(ModelFolder, IsTheSnapshotThatMainNames) {
  fetch("models--FacebookAI--roberta-base", "aaa", false);
  fetch("models--FacebookAI--roberta-base", "bbb", true);
  EXPECT_EQ(find_model_folder("FacebookAI/roberta-base"),
            folder_.path() / "hub/models--FacebookAI--roberta-base/snapshots/bbb");
}

TEST_F(ModelFolder, IsTheOnlySnapshotWithoutRefs) {
  fetch("models--bert", "aaa", false);
  EXPECT_EQ(find_model_folder("bert"), folder_.path() / "hub/models--bert/snapshots/aaa");
  fetch("models--bert", "bbb", false);
  EXPECT_THROW(find_model_folder("bert"), IoError);
}

TEST_F(ModelFolder, RefusesASnapshotWhoseLinksLeadNowhere) {
  fetch("models--bert", "aaa", true);
  fs::remove(folder_.path() / "hub/models--bert/blobs/aaa");
  try {
    find_model_folder("bert");
    FAIL() << "a link to nothing was taken";
  } catch (const IoError& error) {
    EXPECT_NE(std::string(error.what()).find("fetched by \"hf download bert\""), std::string::npos) << error.what();
  }
}

TEST_F(ModelFolder, IsThePathAsGivenWhereTheCacheHasNone) {
  EXPECT_EQ(find_model_folder("org/none"), "org/none");
  EXPECT_EQ(how_to_fetch("org/none"),
            "; a model of that name on the Hugging Face hub is fetched by \"hf download org/none\"");
  for (const char* path : {"/models/bert", "../bert", "a/b/c", ".hidden", "my model", ""}) {
    EXPECT_FALSE(is_model_name(path)) << path;
    EXPECT_EQ(how_to_fetch(path), "");
  }
}

TEST_F(ModelFolder, IsSoughtWhereTheVariablesSay) {
  const Variable none("HF_HUB_CACHE", "");
  {
    const Variable home("HF_HOME", "/somewhere");
    EXPECT_EQ(hugging_face_cache(), "/somewhere/hub");
  }
  const Variable no_home("HF_HOME", ""), no_cache("XDG_CACHE_HOME", ""), user("HOME", "/home/ada");
  EXPECT_EQ(hugging_face_cache(), "/home/ada/.cache/huggingface/hub");
  EXPECT_EQ(expand_home("~/models/bert"), "/home/ada/models/bert");
  EXPECT_EQ(expand_home("~ada/x"), "~ada/x");
}

}  // namespace
}  // namespace infomtl
