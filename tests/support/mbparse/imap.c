#include "imap/framer.h"

#include "json.h"
#include "mbparse.h"

#define ARENA_BYTES (1024UL * 1024 * 1024)

struct reading {
	struct imap_framer *framer;
	struct imap_limits limits;
	FILE *out;
	bool is_malformed;
};

static void print_line(FILE *out, json_t *o)
{
	json_dumpf(o, out, JSON_COMPACT);
	fputc('\n', out);
	json_decref(o);
}

static void print_fault(struct reading *r, uint64_t offset, const char *reason)
{
	json_t *o = json_object();

	json_object_set_new(o, "kind", json_string("malformed"));
	json_object_set_new(o, "position", json_of_u64(offset));
	json_object_set_new(o, "reason", json_string(reason));
	print_line(r->out, o);
	r->is_malformed = true;
}

static void print_response(FILE *out, const struct imap_response *r)
{
	json_t *o = json_object();
	bool has_text =
		r->kind == IMAP_TAGGED || r->kind == IMAP_UNTAGGED || r->kind == IMAP_CONTINUE;

	json_object_set_new(o, "kind", json_string(imap_kind_name(r->kind)));
	if (r->kind == IMAP_TAGGED)
		json_object_set_new(o, "tag", json_of_bytes(r->tag));
	if (r->kind == IMAP_TAGGED || r->kind == IMAP_UNTAGGED)
		json_object_set_new(o, "status", json_string(imap_status_name(r->status)));
	if (r->kind == IMAP_UNKNOWN)
		json_object_set_new(o, "name", json_of_bytes(r->name));
	if (has_text && r->text.code > IMAP_CODE_OTHER)
		json_object_set_new(o, "code", json_string(imap_code_name(r->text.code)));
	else if (has_text && r->text.code == IMAP_CODE_OTHER)
		json_object_set_new(o, "code", json_of_bytes(r->text.code_name));
	json_object_set_new(o, "data", json_of_data(r));
	print_line(out, o);
}

static void take_response(struct reading *r, const struct imap_frame *frame)
{
	struct arena *mem = arena_new(ARENA_BYTES);
	struct imap_response response;
	struct imap_parse_fault fault = { 0 };

	if (imap_parse(frame, &r->limits, mem, &response, &fault) == ERR_OK) {
		print_response(r->out, &response);
		if (response.kind == IMAP_FETCH)
			fault = response.fetch.fault;
	}
	if (fault.reason)
		print_fault(r, frame->offset + fault.offset, fault.reason);
	arena_free(mem);
}

/* False when nothing more can be understood. */
static bool take_bytes(struct reading *r, struct bytes in)
{
	struct imap_frame frame;
	enum imap_framer_event event;

	while ((event = imap_framer_next(r->framer, &in, &frame)) != IMAP_FRAMER_MORE) {
		if (event == IMAP_FRAMER_BAD) {
			print_fault(r, frame.offset, frame.reason);
			return false;
		}
		if (event == IMAP_FRAMER_RESPONSE)
			take_response(r, &frame);
	}
	return true;
}

int mbparse_imap(FILE *in, FILE *out)
{
	static uint8_t chunk[64 * 1024];
	struct reading r = { .limits = imap_limits_default, .out = out };
	uint64_t offset = 0;
	bool can_go_on = true;
	size_t n;

	r.limits.line_bytes = r.limits.response_bytes = ARENA_BYTES / 2;
	r.limits.ask_above_bytes = UINT64_MAX;
	r.framer = imap_framer_new(&r.limits);
	if (!r.framer)
		return 1;
	while (can_go_on && (n = fread(chunk, 1, sizeof chunk, in)) > 0) {
		offset += n;
		can_go_on = take_bytes(&r, bytes_of(chunk, n));
	}
	if (can_go_on && !imap_framer_is_idle(r.framer))
		print_fault(&r, offset, "the input ends in the middle of a response");
	imap_framer_free(r.framer);
	return r.is_malformed;
}
