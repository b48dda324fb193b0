# SPDX-License-Identifier: Apache-2.0
# vanthu: build, test, install. `make help` lists the targets.
#   CC=gcc|clang   SANITIZE=1 (address and undefined behaviour, own folder)   V=1 (show commands)

VERSION    := 0.1.0
RELEASED   := 2026-11-21
PREFIX     ?= /usr/local
SYSCONFDIR ?= $(if $(filter /usr,$(PREFIX)),/etc,$(PREFIX)/etc)
CC         ?= cc
BUILD      := build$(if $(SANITIZE),/sanitize)
Q          := $(if $(V),,@)

PACKAGES   := openssl gmime-3.0 libcurl libqpdf libjpeg jansson yaml-0.1 libseccomp sqlite3 libpq libcdb lmdb libmicrohttpd libpng zlib libxml-2.0
# Of p11-kit the header of PKCS #11 alone: nothing is linked.
HEADERS    := p11-kit-1
BASE_FLAGS := -std=c11 -D_GNU_SOURCE -Iinclude -Imilter -g -MMD -MP \
              -DVT_SYSCONFDIR='"$(SYSCONFDIR)/vanthu"' -DVT_VERSION='"$(VERSION)"' \
              -DVT_RELEASED='"$(RELEASED)"'
WARNINGS   := -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla \
              -Wpointer-arith -Wcast-qual -Wwrite-strings -Wformat=2 -Wundef -Wconversion \
              -Wno-sign-conversion -Werror
HARDENING  := -O2 -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fstack-clash-protection -fPIE \
              -fcf-protection
LINK       := -pie -Wl,-z,relro,-z,now -Wl,-z,noexecstack
ifdef SANITIZE
HARDENING  := -O0 -Wno-maybe-uninitialized -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all \
              -DVT_SANITIZE=1 -fPIE
LINK       := -pie -fsanitize=address,undefined
endif
CFLAGS     ?=
override CFLAGS := $(BASE_FLAGS) $(WARNINGS) $(HARDENING) \
              $(subst -I/,-isystem /,$(shell pkg-config --cflags $(PACKAGES) $(HEADERS) 2>/dev/null)) $(CFLAGS)
LIBS       := $(shell pkg-config --libs $(PACKAGES) 2>/dev/null) -lmilter -lm -lunistring -lpthread

ROOMS      := base evidence unpack document verify trust status courier seal inspector notice register gateway web master command
SOURCES    := $(foreach r,$(ROOMS),$(wildcard milter/$(r)/*.c)) $(wildcard policy/*.c)
MAINS      := milter/command/main.c
LIBRARY    := $(patsubst %.c,$(BUILD)/%.o,$(filter-out $(MAINS),$(SOURCES)))
# What a room's tests may link: the Makefile makes the direction of the data visible.
room        = $(patsubst %.c,$(BUILD)/%.o,$(wildcard milter/$(1)/*.c))
BASE        = $(call room,base) $(call room,evidence)
POLICY      = $(patsubst %.c,$(BUILD)/%.o,$(wildcard policy/*.c))

.PHONY: FORCE all deps demo golden-notices test unit-programs fuzzers fuzz-log test-long peers peers-vault test-peers bench lint format install clean help
.SECONDARY:
.DELETE_ON_ERROR:
all: $(BUILD)/vanthu-milter $(BUILD)/vanthu

# Each takes the place of the one before at once: tests that run meanwhile find it whole.
$(BUILD)/vanthu-milter: $(BUILD)/milter/main.o $(LIBRARY)
	@echo "  LINK  $@"
	$(Q)$(CC) $(LINK) $(LDFLAGS) -o $@.new $^ $(LIBS) && mv $@.new $@

$(BUILD)/vanthu: $(BUILD)/milter/command/main.o $(LIBRARY)
	@echo "  LINK  $@"
	$(Q)$(CC) $(LINK) $(LDFLAGS) -o $@.new $^ $(LIBS) && mv $@.new $@

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	@echo "  CC    $<"
	$(Q)$(CC) $(CFLAGS) -c -o $@ $<

# A program for tests links what it needs of this and no more: all of it a hundred times takes a minute.
ARCHIVE     := $(BUILD)/vanthu.a
$(ARCHIVE): $(LIBRARY)
	$(Q)rm -f $@ && ar rcT $@ $^

# What is compiled in: after another PREFIX or version these are built anew.
COMPILED_IN := $(SYSCONFDIR) $(VERSION) $(RELEASED)
$(BUILD)/compiled-in: FORCE
	@mkdir -p $(@D)
	@echo '$(COMPILED_IN)' | cmp -s - $@ || echo '$(COMPILED_IN)' >$@
$(addprefix $(BUILD)/milter/,main.o base/clock.o base/config.o $(addprefix command/,common.o control.o ladder.o main.o reload.o)): \
  $(BUILD)/compiled-in

# The assembler reads the words of notices; no compiler tells which files these are.
$(BUILD)/milter/notice/builtin.o $(BUILD)/fuzzed/milter/notice/builtin.o: $(wildcard conf/notices/*/*)

# ---- packages ----
BUILD_PACKAGES := gcc make pkg-config libmilter-dev libssl-dev libgmime-3.0-dev libcurl4-openssl-dev \
                  libqpdf-dev libjansson-dev libyaml-dev libseccomp-dev libsqlite3-dev libpq-dev \
                  libunistring-dev libcdb-dev liblmdb-dev libmicrohttpd-dev libp11-kit-dev libpng-dev libjpeg62-turbo-dev zlib1g-dev libxml2-dev
TEST_PACKAGES  := libcmocka-dev python3 python3-cryptography python3-asn1crypto python3-venv openssl postfix \
                  postfix-pcre postgresql poppler-utils python3-yaml qpdf mandoc procps clang m4 libwrap0 \
                  softhsm2 opensc p11-kit p11-kit-modules stunnel4 gpgsm fonts-liberation2 mupdf-tools
# For independent programs: DSS is run by Java from its source, NSS is Thunderbird's engine.
PEER_PACKAGES  := default-jdk-headless maven libnss3-tools
LINT_PACKAGES  := clang clang-format clang-tidy cppcheck mandoc

# $(call install-packages,LIST): only what is missing, asking nothing.
define install-packages
	@missing=""; for p in $(1); do dpkg-query -W -f='$${Status}' $$p 2>/dev/null | \
	  grep -q 'ok installed' || missing="$$missing $$p"; done; \
	if [ -n "$$missing" ]; then echo "  DEPS $$missing"; \
	  as_root=""; [ "$$(id -u)" = 0 ] || as_root=sudo; \
	  $$as_root apt-get update -q >/dev/null && \
	  echo 'postfix postfix/main_mailer_type select No configuration' | $$as_root debconf-set-selections && \
	  $$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qq --no-install-recommends \
	    $$missing >/dev/null; fi
endef
deps:
	$(call install-packages,$(BUILD_PACKAGES) $(TEST_PACKAGES))
	$(Q)$(MAKE) --no-print-directory $(SENDMAIL)

# Debian's packages of Sendmail and of Postfix exclude each other: that of Sendmail is unpacked for
# the tests, never installed. It needs m4 and libwrap0.
SENDMAIL := build/sendmail/usr/libexec/sendmail/sendmail
$(SENDMAIL):
	@echo "  DEPS  Sendmail, into build/sendmail"
	$(Q)tests/mta/sendmail.sh unpack build/sendmail

# ---- tests: tests/unit/test_<module>.c, each a cmocka program ----
# Rooms a test may link beside base and evidence; a room that is not named links everything. This
# keeps the direction of the data visible: policy has no libcrypto, unpack and document neither.
UNIT_SOURCES := $(wildcard tests/unit/test_*.c)
UNIT_TESTS   := $(patsubst tests/unit/%.c,$(BUILD)/tests/unit/%,$(UNIT_SOURCES))
FUZZ_SOURCES := $(wildcard tests/fuzz/fuzz_*.c)
FUZZ_REPLAYS := $(patsubst tests/fuzz/fuzz_%.c,$(BUILD)/tests/fuzz/replay_%,$(FUZZ_SOURCES))
FUZZERS      := $(patsubst tests/fuzz/fuzz_%.c,$(BUILD)/tests/fuzz/fuzz_%,$(FUZZ_SOURCES))

WITHOUT_CRYPTO := case rest_uri metrics observed policy policy_diff policy_tests policy_lists policy_property site_parse site_judge policy_bundle policy_files policy_shipped reason secret evidence config docs base server
$(addprefix $(BUILD)/tests/unit/test_,$(WITHOUT_CRYPTO)): \
  $(BUILD)/tests/unit/test_%: $(BUILD)/tests/unit/test_%.o $(POLICY) $(BASE)
	@echo "  LINK  $@"
	$(Q)$(CC) $(LINK) -o $@ $^ $(shell pkg-config --libs jansson yaml-0.1 libcdb lmdb) -lseccomp -lunistring -lcmocka
$(addprefix $(BUILD)/tests/unit/test_,unpack unpack_signed unpack_bad unpack_names unpack_decode identify): \
  $(BUILD)/tests/unit/test_%: $(BUILD)/tests/unit/test_%.o $(call room,unpack) $(BASE) $(POLICY)
	@echo "  LINK  $@"
	$(Q)$(CC) $(LINK) -o $@ $^ $(shell pkg-config --libs gmime-3.0 jansson yaml-0.1 libcdb lmdb) -lseccomp -lunistring -lcmocka
$(addprefix $(BUILD)/tests/unit/test_,document pdf_parts): \
  $(BUILD)/tests/unit/test_%: $(BUILD)/tests/unit/test_%.o $(call room,document) $(BASE) $(POLICY)
	@echo "  LINK  $@"
	$(Q)$(CC) $(LINK) -o $@ $^ $(shell pkg-config --libs libqpdf zlib libjpeg libxml-2.0 jansson yaml-0.1 libcdb lmdb) -lm -lseccomp -lunistring -lcmocka
$(BUILD)/tests/unit/test_%: $(BUILD)/tests/unit/test_%.o $(ARCHIVE)
	@echo "  LINK  $@"
	$(Q)$(CC) $(LINK) -o $@ $^ $(LIBS) -lcmocka
$(BUILD)/tests/mutate/mutate: $(BUILD)/tests/mutate/mutate.o $(ARCHIVE)
	@echo "  LINK  $@"
	$(Q)$(CC) $(LINK) -o $@ $^ $(LIBS)
$(BUILD)/tests/command/%: $(BUILD)/tests/command/%.o $(ARCHIVE)
	@echo "  LINK  $@"
	$(Q)$(CC) $(LINK) -o $@ $^ $(LIBS)
$(BUILD)/tests/notice/%: $(BUILD)/tests/notice/%.o $(ARCHIVE)
	@echo "  LINK  $@"
	$(Q)$(CC) $(LINK) -o $@ $^ $(LIBS)
$(BUILD)/tests/seal/%: $(BUILD)/tests/seal/%.o $(ARCHIVE)
	@echo "  LINK  $@"
	$(Q)$(CC) $(LINK) -o $@ $^ $(LIBS)
$(BUILD)/tests/bench/inspect_bench: $(BUILD)/tests/bench/floor.o
$(BUILD)/tests/bench/%: $(BUILD)/tests/bench/%.o $(ARCHIVE)
	@echo "  LINK  $@"
	$(Q)$(CC) $(LINK) -o $@ $^ $(LIBS)
# The same targets replayed over their corpus under plain cc, and for clang's libFuzzer.
$(BUILD)/tests/fuzz/replay_%: $(BUILD)/tests/fuzz/fuzz_%.o $(BUILD)/tests/fuzz/replay.o $(ARCHIVE)
	@echo "  LINK  $@"
	$(Q)$(CC) $(LINK) -o $@ $^ $(LIBS)
FUZZ_CC      ?= clang
# Without the tracing of comparisons, which takes half of the time: what is compared with a literal is
# in the seeds, in the words of a mutator, or found through memcmp.
FUZZ_FLAGS   := -O1 -DVT_SANITIZE=1 -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-coverage=trace-cmp
FUZZ_LIBRARY := $(patsubst %.c,$(BUILD)/fuzzed/%.o,$(filter-out $(MAINS),$(SOURCES)))
$(BUILD)/fuzzed/%.o: %.c
	@mkdir -p $(@D)
	@echo "  FUZZ  $<"
	$(Q)$(FUZZ_CC) $(BASE_FLAGS) $(FUZZ_FLAGS) \
	  $(shell pkg-config --cflags $(PACKAGES) $(HEADERS)) -c -o $@ $<
# Of the library what a target uses: what is counted costs with every input.
$(BUILD)/fuzzed/libvanthu.a: $(FUZZ_LIBRARY)
	$(Q)rm -f $@ && ar rcs $@ $^
$(BUILD)/tests/fuzz/fuzz_pdf $(BUILD)/tests/fuzz/fuzz_seal_pdf: $(BUILD)/fuzzed/tests/fuzz/pdf_mutate.o $(BUILD)/fuzzed/tests/fuzz/pdf_marks.o
$(BUILD)/tests/fuzz/fuzz_%: $(BUILD)/fuzzed/tests/fuzz/fuzz_%.o $(BUILD)/fuzzed/libvanthu.a
	@mkdir -p $(@D)
	@echo "  LINK  $@"
	$(Q)$(FUZZ_CC) -fsanitize=fuzzer,address,undefined -o $@ $^ $(LIBS)

unit-programs: $(UNIT_TESTS) $(FUZZ_REPLAYS)
fuzzers: $(FUZZERS)
# Ten minutes of each parser of PDF files and of what is inside them, added to tests/fuzz/log.tsv.
FUZZ_TARGETS ?= pdf seal_pdf cms crl ocsp
FUZZ_SECS    ?= 600
FUZZ_JOBS    ?= 1
fuzz-log: $(addprefix $(BUILD)/tests/fuzz/fuzz_,$(FUZZ_TARGETS))
	$(Q)tests/fuzz/log.py --secs $(FUZZ_SECS) --jobs $(FUZZ_JOBS) $(FUZZ_TARGETS)

# Unit tests and fuzz corpora under the sanitizers, which tests/run.sh builds; beside them scripts and the
# real Postfix on the normal build. Under 8 minutes on two cores.
test: deps
	$(Q)$(MAKE) --no-print-directory -j2 all $(BUILD)/tests/unit/test_sandbox $(BUILD)/tests/mutate/mutate \
	  $(BUILD)/tests/command/make_register $(BUILD)/tests/command/make_explained \
	  $(BUILD)/tests/command/make_observed $(BUILD)/tests/seal/seal_file $(BUILD)/tests/notice/write_notice
	$(Q)tests/run.sh quick
# Fuzzing by time, every mutation, soak.
test-long: test
	$(Q)$(MAKE) --no-print-directory -j2 fuzzers
	$(Q)tests/run.sh long
# Interoperability with independent programs from their own registries. peers-vault: takes minutes.
peers:
	$(call install-packages,$(PEER_PACKAGES))
	$(Q)tests/peers/programs.py
peers-vault:
	$(Q)tests/peers/peers_vault.py --install
test-peers: deps
	$(call install-packages,$(PEER_PACKAGES))
	$(Q)$(MAKE) --no-print-directory -j2 all $(BUILD)/tests/seal/seal_file $(BUILD)/tests/mutate/mutate
	$(Q)tests/run.sh peers
# A make of its own after deps: pkg-config is asked when a Makefile is read.
demo: deps
	@mkdir -p $(BUILD); echo "Building …"; \
	$(MAKE) --no-print-directory -j2 all >$(BUILD)/demo-build.log 2>&1 || { cat $(BUILD)/demo-build.log; exit 1; }
	$(Q)tests/demo/demo.py
bench: deps
	$(Q)$(MAKE) --no-print-directory -j2 all $(BUILD)/tests/bench/inspect_bench $(BUILD)/tests/bench/noop_milter \
	  $(BUILD)/tests/bench/crl_bench $(BUILD)/tests/bench/register_bench $(BUILD)/tests/bench/metrics_bench \
	  $(BUILD)/tests/bench/policy_bench $(BUILD)/tests/bench/seal_bench $(BUILD)/tests/bench/slow_relay
	$(Q)tests/bench/bench.sh

# After the words of notices were changed: look at what `git diff` shows of tests/notice/golden.
golden-notices: $(BUILD)/tests/notice/write_notice
	$(Q)tests/notice/test_golden.py --write

lint:
	$(call install-packages,$(LINT_PACKAGES))
	$(Q)cppcheck --quiet --std=c11 --error-exitcode=1 --inline-suppr -Iinclude -Imilter -D_GNU_SOURCE \
	  '-Djson_array_foreach(a,i,v)=while((v=json_array_get(a,i++))!=0)' --enable=warning,portability --suppress=missingIncludeSystem --suppress=normalCheckLevelMaxBranches \
	  milter policy
	$(Q)clang-tidy --quiet --warnings-as-errors='*' $(SOURCES) milter/main.c -- $(BASE_FLAGS:-MMD=) \
	  $(shell pkg-config --cflags $(PACKAGES) $(HEADERS))
	$(Q)mandoc -T lint -W warning $(wildcard conf/*.[158] milter/*/*.[158] policy/*.[158])
format:
	$(Q)clang-format -i $(shell git ls-files '*.c' '*.h')

# ---- installation ----
install: all
	install -d $(DESTDIR)$(PREFIX)/sbin $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(SYSCONFDIR)/vanthu \
	  $(DESTDIR)$(PREFIX)/share/man/man1 $(DESTDIR)$(PREFIX)/share/man/man5 \
	  $(DESTDIR)$(PREFIX)/share/man/man8 \
	  $(DESTDIR)$(PREFIX)/lib/systemd/system $(DESTDIR)$(PREFIX)/lib/sysusers.d \
	  $(DESTDIR)$(PREFIX)/lib/tmpfiles.d
	install -m 755 build/vanthu-milter $(DESTDIR)$(PREFIX)/sbin/
	install -m 755 build/vanthu $(DESTDIR)$(PREFIX)/bin/
	for f in vanthu.yaml policy.yaml agencies.yaml; do [ -e $(DESTDIR)$(SYSCONFDIR)/vanthu/$$f ] || \
	  install -m 644 conf/$$f $(DESTDIR)$(SYSCONFDIR)/vanthu/; done
	install -m 644 conf/policy.schema.json conf/agencies.schema.json $(DESTDIR)$(SYSCONFDIR)/vanthu/
	install -d $(DESTDIR)$(PREFIX)/share/doc/vanthu/examples
	install -m 644 conf/grafana-vanthu.json conf/prometheus-alerts.yaml $(DESTDIR)$(PREFIX)/share/doc/vanthu/
	install -m 644 $(addprefix conf/,vanthu.yaml policy.yaml observe-only.yaml strict.yaml ninh-binh-2025.yaml \
	  vinh-long-2020.yaml agencies.yaml policy.schema.json agencies.schema.json sendmail.mc) $(DESTDIR)$(PREFIX)/share/doc/vanthu/examples/
	for l in vi en; do install -d $(DESTDIR)$(PREFIX)/share/doc/vanthu/examples/notices/$$l && \
	  install -m 644 conf/notices/$$l/* $(DESTDIR)$(PREFIX)/share/doc/vanthu/examples/notices/$$l/; done
	install -d $(DESTDIR)$(PREFIX)/share/doc/vanthu/examples/policy-tests
	install -m 644 $(wildcard conf/policy-tests/*.yaml) $(DESTDIR)$(PREFIX)/share/doc/vanthu/examples/policy-tests/
	for s in 1 5 8; do for m in $(wildcard conf/*.[158] milter/*/*.[158] policy/*.[158]); do \
	  case $$m in *.$$s) install -m 644 $$m $(DESTDIR)$(PREFIX)/share/man/man$$s/;; esac; done; done
	sed 's|@sbindir@|$(PREFIX)/sbin|; s|@bindir@|$(PREFIX)/bin|; s|@sysconfdir@|$(SYSCONFDIR)|' \
	  conf/vanthu.service >$(DESTDIR)$(PREFIX)/lib/systemd/system/vanthu.service
	install -m 644 conf/vanthu.sysusers $(DESTDIR)$(PREFIX)/lib/sysusers.d/vanthu.conf
	install -m 644 conf/vanthu.tmpfiles $(DESTDIR)$(PREFIX)/lib/tmpfiles.d/vanthu.conf

clean:
	rm -rf build
help:
	@echo "make            build/vanthu-milter and build/vanthu   (CC=clang, SANITIZE=1, V=1)"
	@echo "make demo       a private Postfix with the milter on loopback, and what becomes of mails"
	@echo "make test       everything that runs in minutes; test-long, test-peers, bench, lint, format"
	@echo "make fuzz-log   FUZZ_SECS=600 FUZZ_JOBS=1 FUZZ_TARGETS=\"pdf seal_pdf cms crl ocsp\", into tests/fuzz/log.tsv"
	@echo "make install    PREFIX=$(PREFIX) DESTDIR=$(DESTDIR)"
	@echo "make deps       install the Debian packages that are missing"

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
