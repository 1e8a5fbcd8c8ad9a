# What a builder may choose, and the flags every target of the project is built with.
option(BUILD_SHARED_LIBS "Build infomtl as a shared library" ON)
option(INFOMTL_BUILD_APPS "Build the infomtl program and the examples" ${PROJECT_IS_TOP_LEVEL})
option(INFOMTL_BUILD_TESTS "Build the tests and the benchmarks" ${PROJECT_IS_TOP_LEVEL})
option(INFOMTL_CUDA "Build against a CUDA LibTorch" OFF)
option(INFOMTL_KERNELS "Compile the CUDA kernels (with INFOMTL_CUDA they are, where nvcc is)" OFF)
option(INFOMTL_WERROR "Turn compiler warnings into errors" OFF)
option(INFOMTL_UNITY "Compile a dozen short files at a time: a full build takes a third, a changed file longer" OFF)
set(INFOMTL_SANITIZE "" CACHE STRING "Sanitizers to build with, for example address,undefined")

if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Build type" FORCE)
endif()
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_CXX_VISIBILITY_PRESET hidden)
set(CMAKE_VISIBILITY_INLINES_HIDDEN ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)
set(CMAKE_LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/lib)
set(CMAKE_ARCHIVE_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/lib)

# An installed program finds the library beside it and LibTorch where it was at build time.
file(RELATIVE_PATH INFOMTL_LIBRARY_FROM_PROGRAM /${CMAKE_INSTALL_BINDIR} /${CMAKE_INSTALL_LIBDIR})
set(CMAKE_INSTALL_RPATH $ORIGIN $ORIGIN/${INFOMTL_LIBRARY_FROM_PROGRAM})
set(CMAKE_INSTALL_RPATH_USE_LINK_PATH ON)

find_program(INFOMTL_CCACHE ccache)
if(INFOMTL_CCACHE AND PROJECT_IS_TOP_LEVEL)
  # Precompiled headers are cached only with these leniencies; the base folder makes clones share their results.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${PROJECT_SOURCE_DIR} CCACHE_NOHASHDIR=1
      CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime ${INFOMTL_CCACHE})
endif()
find_program(INFOMTL_MOLD mold)
if(INFOMTL_MOLD AND PROJECT_IS_TOP_LEVEL)
  add_link_options(-fuse-ld=mold)
endif()

set(INFOMTL_WARNINGS -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion)
if(CMAKE_CXX_COMPILER_ID STREQUAL GNU AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  # GCC 12 sees overlaps and overflows in "a" + text where there are none (GCC bugs 105329, 105651).
  list(APPEND INFOMTL_WARNINGS -Wno-restrict -Wno-stringop-overflow -Wno-array-bounds)
endif()
if(INFOMTL_WERROR)
  list(APPEND INFOMTL_WARNINGS -Werror)
endif()
if(INFOMTL_SANITIZE)
  # -O1 keeps stack traces readable and compiles twice as fast as -O3 here.
  add_compile_options(-fsanitize=${INFOMTL_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer -g1 -O1)
  add_link_options(-fsanitize=${INFOMTL_SANITIZE})
  if(INFOMTL_SANITIZE MATCHES thread AND CMAKE_CXX_COMPILER_ID STREQUAL GNU)
    add_compile_options(-Wno-tsan)  # a fence in LibTorch's headers, which ThreadSanitizer does not see
  endif()
endif()
