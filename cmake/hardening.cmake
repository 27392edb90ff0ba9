# SPDX-License-Identifier: Apache-2.0
# Warnings for every build; sanitizers, coverage or hardening by option.
# Hardening follows the OpenSSF compiler guide; each flag is probed, because
# Debian 12's compilers refuse some.
include(CheckCCompilerFlag)
include(CheckLinkerFlag)

option(POSTERN_SANITIZE "AddressSanitizer and UndefinedBehaviorSanitizer" OFF)
option(POSTERN_COVERAGE "statement coverage (gcc)" OFF)
option(POSTERN_HARDEN "hardening flags of a release" OFF)
option(POSTERN_FUZZ "fuzz targets, with libFuzzer: clang only" OFF)
option(POSTERN_TESTING "test-only switches; never in a release" ON)
if(POSTERN_HARDEN)
	set(POSTERN_TESTING OFF)
endif()
option(POSTERN_TESTS "build the tests" ${POSTERN_TESTING})

set(CMAKE_C_STANDARD 11)
set(CMAKE_C_EXTENSIONS ON)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

add_compile_options(-Wall -Wextra -Wpedantic -Werror -Wformat=2 -Wshadow
	-Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition
	-Wpointer-arith -Wcast-align -Wwrite-strings -Wvla -Wundef
	-Wimplicit-fallthrough -Wconversion -Wno-sign-conversion
	-Wno-gnu-zero-variadic-macro-arguments -fno-common)
# Sentences and places live in fixed storage and are cut on purpose.
add_compile_options($<$<C_COMPILER_ID:GNU>:-Wno-format-truncation>)
add_compile_definitions(_GNU_SOURCE)

function(postern_try_flags)
	foreach(flag ${ARGN})
		string(MAKE_C_IDENTIFIER "HAVE${flag}" have)
		check_c_compiler_flag("-Werror ${flag}" ${have})
		if(${have})
			add_compile_options(${flag})
		endif()
	endforeach()
endfunction()

function(postern_try_link_flags)
	foreach(flag ${ARGN})
		string(MAKE_C_IDENTIFIER "LINK${flag}" have)
		check_linker_flag(C "${flag}" ${have})
		if(${have})
			add_link_options(${flag})
		endif()
	endforeach()
endfunction()

# Test programs are many and each links everything: by the quicker linker.
if(NOT POSTERN_HARDEN)
	find_program(POSTERN_LLD ld.lld)
	if(POSTERN_LLD)
		add_link_options(-fuse-ld=lld)
	endif()
endif()
if(POSTERN_SANITIZE)
	add_compile_options(-fsanitize=address,undefined
		-fno-sanitize-recover=all -fno-omit-frame-pointer -O1)
	add_link_options(-fsanitize=address,undefined)
endif()
if(POSTERN_FUZZ)
	if(NOT CMAKE_C_COMPILER_ID STREQUAL "Clang")
		message(FATAL_ERROR "POSTERN_FUZZ needs clang")
	endif()
	add_compile_options(-fsanitize=fuzzer-no-link)
endif()
if(POSTERN_COVERAGE)
	add_compile_options(--coverage -O0)
	add_link_options(--coverage)
endif()
if(POSTERN_HARDEN)
	add_compile_options(-O2 -g -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3)
	postern_try_flags(-fstack-protector-strong -fstack-clash-protection
		-fstrict-flex-arrays=3 -fcf-protection=full
		-fno-delete-null-pointer-checks -fno-strict-overflow
		-fno-strict-aliasing -ftrivial-auto-var-init=zero
		-fzero-init-padding-bits=all -Wtrampolines -Wbidi-chars=any
		-fexceptions)
	postern_try_link_flags(-Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack
		-Wl,-z,nodlopen -Wl,--as-needed
		-Wl,--no-copy-dt-needed-entries)
	add_link_options(-pie)
endif()
if(POSTERN_TESTING)
	add_compile_definitions(POSTERN_TESTING=1)
else()
	add_compile_definitions(POSTERN_TESTING=0)
endif()
add_compile_definitions(POSTERN_VERSION="${PROJECT_VERSION}")
