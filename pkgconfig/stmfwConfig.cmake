# SPDX-License-Identifier: MIT
# find_package(stmfw CONFIG REQUIRED), then target_link_libraries(program PRIVATE stmfw::stmfw).
# Flags and paths come from libstmfw.pc, as for everybody else.
include(CMakeFindDependencyMacro)
find_dependency(PkgConfig)

# The one beside this file, wherever it was installed.
get_filename_component(_stmfw_libdir "${CMAKE_CURRENT_LIST_DIR}/../.." ABSOLUTE)
set(_stmfw_path "$ENV{PKG_CONFIG_PATH}")
set(ENV{PKG_CONFIG_PATH} "${_stmfw_libdir}/pkgconfig:${_stmfw_path}")
pkg_check_modules(stmfw_pc QUIET IMPORTED_TARGET GLOBAL libstmfw)
set(ENV{PKG_CONFIG_PATH} "${_stmfw_path}")
unset(_stmfw_libdir)
unset(_stmfw_path)

if(NOT stmfw_pc_FOUND)
	set(stmfw_FOUND FALSE)
	set(stmfw_NOT_FOUND_MESSAGE "libstmfw.pc, or that of libuv, is missing")
elseif(NOT TARGET stmfw::stmfw)
	add_library(stmfw::stmfw INTERFACE IMPORTED)
	target_link_libraries(stmfw::stmfw INTERFACE PkgConfig::stmfw_pc)
endif()
