# SPDX-License-Identifier: Apache-2.0
# The three helpers a folder needs: postern_library, postern_service and
# postern_tests. Sources are globbed, so a new file needs no line here.

# postern_library(NAME FOLDERS... [LINK targets...]): every .c of the folders
# but tests and main.c; each x_test.c among them becomes a test.
function(postern_library name)
	cmake_parse_arguments(A "" "" "FOLDERS;LINK" ${ARGN})
	set(sources)
	set(tests)
	foreach(folder ${A_FOLDERS})
		file(GLOB here CONFIGURE_DEPENDS
			${CMAKE_CURRENT_SOURCE_DIR}/${folder}/*.c)
		foreach(file ${here})
			if(file MATCHES "_test\\.c$")
				list(APPEND tests ${file})
			elseif(NOT file MATCHES "/main\\.c$")
				list(APPEND sources ${file})
			endif()
		endforeach()
	endforeach()
	if(NOT sources)
		file(WRITE ${CMAKE_CURRENT_BINARY_DIR}/${name}_empty.c
			"extern int ${name}_empty;\n")
		set(sources ${CMAKE_CURRENT_BINARY_DIR}/${name}_empty.c)
	endif()
	add_library(${name} STATIC ${sources})
	target_include_directories(${name} PUBLIC
		${CMAKE_SOURCE_DIR}/libs/common ${CMAKE_CURRENT_SOURCE_DIR})
	target_link_libraries(${name} PUBLIC ${A_LINK} Threads::Threads)
	target_compile_options(${name} PRIVATE
		-include ${CMAKE_SOURCE_DIR}/libs/common/base/banned.h)
	foreach(test ${tests})
		postern_test(${test} ${name})
	endforeach()
endfunction()

# postern_service(NAME): folder's main.c over library NAME gives bin/postern-NAME
function(postern_service name)
	if(NOT EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/main.c)
		return()
	endif()
	add_executable(postern-${name} main.c)
	target_link_libraries(postern-${name} PRIVATE ${name})
	set_target_properties(postern-${name} PROPERTIES
		RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
	install(TARGETS postern-${name} RUNTIME DESTINATION bin)
endfunction()

# postern_test(FILE LIBRARY...): a runner generated from the names of the
# functions "static void test_...(void **state)"; nobody keeps a list. A release
# has no tests: it lacks the switches they use.
function(postern_test file)
	if(NOT POSTERN_TESTS)
		return()
	endif()
	get_filename_component(stem ${file} NAME_WE)
	file(RELATIVE_PATH name ${CMAKE_SOURCE_DIR} ${file})
	string(REGEX REPLACE "[/.]" "-" name ${name})
	string(REGEX REPLACE "-c$" "" name ${name})
	set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
	file(STRINGS ${file} lines REGEX "^static void test_[A-Za-z0-9_]+\\(void \\*\\*")
	set(rows "")
	foreach(line ${lines})
		string(REGEX REPLACE "^static void (test_[A-Za-z0-9_]+).*" "\\1" fn "${line}")
		string(APPEND rows "\t\tcmocka_unit_test(${fn}),\n")
	endforeach()
	if(rows STREQUAL "")
		message(FATAL_ERROR "${file} holds no test: "
			"static void test_<unit>__<sentence>(void **state)")
	endif()
	set(runner ${CMAKE_CURRENT_BINARY_DIR}/${name}_runner.c)
	file(CONFIGURE OUTPUT ${runner} CONTENT
"#include \"base/testing.h\"
#include \"${file}\"
int main(void)
{
	const struct CMUnitTest tests[] = {
${rows}	};
	return cmocka_run_group_tests_name(\"${stem}\", tests, 0, 0);
}
" @ONLY)
	add_executable(${name} ${runner})
	target_include_directories(${name} PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
	target_compile_definitions(${name} PRIVATE
		POSTERN_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
	target_link_libraries(${name} PRIVATE ${ARGN} PkgConfig::cmocka)
	add_test(NAME ${name} COMMAND ${name}
		WORKING_DIRECTORY ${CMAKE_BINARY_DIR})
	set_tests_properties(${name} PROPERTIES TIMEOUT 300)
endfunction()
