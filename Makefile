# SPDX-License-Identifier: Apache-2.0
# vanthu: build, test, install. `make help` lists the targets.
#   CC=gcc|clang   SANITIZE=1 (address and undefined behaviour, own folder)   V=1 (show commands)

PREFIX     ?= /usr/local
SYSCONFDIR ?= $(if $(filter /usr,$(PREFIX)),/etc,$(PREFIX)/etc)
CC         ?= cc
BUILD      := build$(if $(SANITIZE),/sanitize)
Q          := $(if $(V),,@)

PACKAGES   := openssl gmime-3.0 libcurl libqpdf jansson yaml-0.1 libseccomp
BASE_FLAGS := -std=c11 -D_GNU_SOURCE -Iinclude -Imilter -g -MMD -MP \
              -DVT_SYSCONFDIR='"$(SYSCONFDIR)/vanthu"'
WARNINGS   := -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla \
              -Wpointer-arith -Wcast-qual -Wwrite-strings -Wformat=2 -Wundef -Wconversion \
              -Wno-sign-conversion -Werror
HARDENING  := -O2 -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fstack-clash-protection -fPIE \
              -fcf-protection
LINK       := -pie -Wl,-z,relro,-z,now -Wl,-z,noexecstack
ifdef SANITIZE
HARDENING  := -O1 -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all \
              -DVT_SANITIZE=1 -fPIE
LINK       := -pie -fsanitize=address,undefined
endif
CFLAGS     ?=
override CFLAGS := $(BASE_FLAGS) $(WARNINGS) $(HARDENING) \
              $(subst -I/,-isystem /,$(shell pkg-config --cflags $(PACKAGES))) $(CFLAGS)
LIBS       := $(shell pkg-config --libs $(PACKAGES)) -lmilter -lpthread

ROOMS      := base evidence unpack document verify trust status courier inspector gateway master command
SOURCES    := $(foreach r,$(ROOMS),$(wildcard milter/$(r)/*.c)) $(wildcard policy/*.c)
MAINS      := milter/command/main.c
LIBRARY    := $(patsubst %.c,$(BUILD)/%.o,$(filter-out $(MAINS),$(SOURCES)))
# What a room's tests may link: the Makefile makes the direction of the data visible.
room        = $(patsubst %.c,$(BUILD)/%.o,$(wildcard milter/$(1)/*.c))
BASE        = $(call room,base) $(call room,evidence)
POLICY      = $(patsubst %.c,$(BUILD)/%.o,$(wildcard policy/*.c))

.PHONY: all deps demo test unit test-long test-peers bench lint format install clean help
all: $(BUILD)/vanthu-milter $(BUILD)/vanthu

$(BUILD)/vanthu-milter: $(BUILD)/milter/main.o $(LIBRARY)
	@echo "  LINK  $@"
	$(Q)$(CC) $(LINK) $(LDFLAGS) -o $@ $^ $(LIBS)

$(BUILD)/vanthu: $(BUILD)/milter/command/main.o $(LIBRARY)
	@echo "  LINK  $@"
	$(Q)$(CC) $(LINK) $(LDFLAGS) -o $@ $^ $(LIBS)

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	@echo "  CC    $<"
	$(Q)$(CC) $(CFLAGS) -c -o $@ $<

# ---- tests: tests/unit/test_<module>.c, each a cmocka program; the rooms it may link follow ----
UNIT_TESTS := $(patsubst tests/unit/%.c,$(BUILD)/tests/unit/%,$(wildcard tests/unit/test_*.c))
UNIT_ROOMS_policy   := policy
UNIT_ROOMS_unpack   := unpack
UNIT_ROOMS_document := document
.SECONDEXPANSION:
$(BUILD)/tests/unit/test_%: $(BUILD)/tests/unit/test_%.o $(LIBRARY)
	@echo "  LINK  $@"
	$(Q)$(CC) $(LINK) -o $@ $^ $(LIBS) -lcmocka

clean:
	rm -rf build

-include $(patsubst %.o,%.d,$(LIBRARY)) $(wildcard $(BUILD)/milter/*.d) $(wildcard $(BUILD)/tests/*/*.d)
