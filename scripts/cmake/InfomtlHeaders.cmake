# The public headers: what is installed, and the proof that each compiles on its own.
file(GLOB_RECURSE INFOMTL_PUBLIC_HEADERS CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/include/infomtl/*.h)
target_sources(infomtl PUBLIC FILE_SET HEADERS BASE_DIRS ${PROJECT_SOURCE_DIR}/include FILES ${INFOMTL_PUBLIC_HEADERS})

# infomtl_verify_interface_header_sets compiles each header without anything before it: 10 s each where LibTorch comes in.
set_target_properties(infomtl PROPERTIES VERIFY_INTERFACE_HEADER_SETS ON)

# infomtl_headers is the cheap form that every full build takes: rooms without LibTorch as above, the others behind the
# precompiled header; what that may hide, a missing standard or LibTorch header, tests/integration/layering reads off the
# text.
function(infomtl_header_check)
  foreach(header IN LISTS INFOMTL_PUBLIC_HEADERS)
    file(RELATIVE_PATH name ${PROJECT_SOURCE_DIR}/include ${header})
    string(REPLACE / _ file ${name})
    set(source ${PROJECT_BINARY_DIR}/headers/${file}.cpp)
    # Twice: a header without a guard fails.
    file(CONFIGURE OUTPUT ${source} CONTENT "#include <${name}>\n#include <${name}>\n" @ONLY)
    if(name MATCHES "^infomtl/(core|text|metrics|report)/")
      list(APPEND plain ${source})
    else()
      list(APPEND torch ${source})
    endif()
  endforeach()
  add_library(infomtl_plain_headers OBJECT ${plain})
  add_library(infomtl_torch_headers OBJECT ${torch})
  target_precompile_headers(infomtl_torch_headers REUSE_FROM room_ops)
  set_target_properties(infomtl_torch_headers PROPERTIES UNITY_BUILD ${INFOMTL_UNITY} UNITY_BUILD_BATCH_SIZE 12)
  add_custom_target(infomtl_headers DEPENDS $<TARGET_OBJECTS:infomtl_plain_headers> $<TARGET_OBJECTS:infomtl_torch_headers>)
  foreach(target infomtl_plain_headers infomtl_torch_headers)
    target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR}/include)
    target_compile_options(${target} PRIVATE ${INFOMTL_WARNINGS})
  endforeach()
  target_link_libraries(infomtl_plain_headers PRIVATE nlohmann_json::nlohmann_json)
  get_property(packages GLOBAL PROPERTY infomtl_packages_ops)  # a precompiled header wants the flags that it was made with
  target_link_libraries(infomtl_torch_headers PRIVATE ${packages})
endfunction()
if(INFOMTL_BUILD_TESTS)
  infomtl_header_check()
endif()
