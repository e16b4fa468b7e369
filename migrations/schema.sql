-- What all migrations together make of an empty database; roles and rows left out. Written by a test:
-- PEYK_BLESS=1 cargo test -p peyk-projections --test postgres migrations

CREATE SCHEMA peyk;

CREATE SCHEMA read;

CREATE SCHEMA read_a;

CREATE SCHEMA read_b;

CREATE TABLE peyk.active_slot (
    projection text NOT NULL,
    lock integer NOT NULL,
    slot text NOT NULL DEFAULT 'a'::text,
    spare_ready boolean NOT NULL DEFAULT false
);

CREATE TABLE peyk.checkpoints (
    projection text NOT NULL,
    slot text NOT NULL,
    ledger text NOT NULL,
    partition integer NOT NULL,
    "position" bigint NOT NULL,
    hash bytea NOT NULL,
    head bytea NOT NULL,
    updated_at timestamp with time zone NOT NULL DEFAULT now()
);

CREATE TABLE peyk.projector_states (
    process uuid NOT NULL,
    projection text NOT NULL,
    ledger text NOT NULL,
    partition integer NOT NULL,
    state text NOT NULL,
    reason text,
    record bigint,
    "position" bigint NOT NULL,
    tail bigint NOT NULL,
    since timestamp with time zone NOT NULL,
    progressed_at timestamp with time zone NOT NULL,
    seen_at timestamp with time zone NOT NULL DEFAULT now()
);

CREATE TABLE peyk.read_tables (
    name text NOT NULL,
    projection text NOT NULL,
    tenanted boolean NOT NULL
);

CREATE TABLE read_a.audit (
    id bigint NOT NULL,
    at_ms bigint NOT NULL,
    event_type text NOT NULL,
    tenant uuid NOT NULL,
    actor uuid,
    actor_tenant uuid NOT NULL,
    action text NOT NULL,
    resource_type text,
    resource_id text,
    source_ip text,
    user_agent text,
    request uuid,
    code text,
    receipt text,
    count bigint,
    details jsonb NOT NULL
);

CREATE TABLE read_a.audit_subjects (
    subject text NOT NULL,
    tenant uuid NOT NULL,
    user_id uuid,
    known jsonb NOT NULL
);

CREATE TABLE read_a.blocks (
    id uuid NOT NULL,
    mno text NOT NULL,
    type text,
    first_number text,
    last_number text,
    contract uuid,
    region text,
    pool uuid,
    purpose text NOT NULL,
    file bytea,
    version integer NOT NULL,
    "position" bigint NOT NULL,
    updated_position bigint NOT NULL
);

CREATE TABLE read_a.connectors (
    id uuid NOT NULL,
    operator uuid NOT NULL,
    name text NOT NULL,
    state text NOT NULL,
    "position" bigint NOT NULL,
    updated_position bigint NOT NULL
);

CREATE TABLE read_a.contracts (
    id uuid NOT NULL,
    mno text NOT NULL,
    name text NOT NULL,
    starts_ms bigint NOT NULL,
    ends_ms bigint,
    state text NOT NULL,
    signature_ref text,
    version integer NOT NULL,
    "position" bigint NOT NULL,
    updated_position bigint NOT NULL
);

CREATE TABLE read_a.leases (
    id uuid NOT NULL,
    number text NOT NULL,
    tenant uuid NOT NULL,
    state text NOT NULL,
    reserved_at_ms bigint NOT NULL,
    until_ms bigint,
    assigned_at_ms bigint,
    ended_at_ms bigint,
    "position" bigint NOT NULL,
    updated_position bigint NOT NULL
);

CREATE TABLE read_a.messages (
    id uuid NOT NULL,
    tenant uuid NOT NULL,
    sender bigint,
    recipient_mask text,
    recipient_hash bytea,
    lane text,
    encoding text,
    segments integer,
    state text NOT NULL,
    reason text,
    connector uuid,
    smsc_id text,
    attempts integer NOT NULL,
    receipt text,
    receipt_error text,
    accepted_at_ms bigint NOT NULL,
    expires_at_ms bigint,
    dispatched_at_ms bigint,
    submitted_at_ms bigint,
    final_at_ms bigint,
    partition integer NOT NULL,
    "position" bigint NOT NULL,
    item integer NOT NULL,
    updated_position bigint NOT NULL
);

CREATE TABLE read_a.number_audit (
    id bigint NOT NULL,
    number text NOT NULL,
    seq integer NOT NULL,
    from_state text,
    to_state text NOT NULL,
    reason_code text NOT NULL,
    tenant uuid,
    lease uuid,
    actor uuid,
    actor_tenant uuid NOT NULL,
    at_ms bigint NOT NULL,
    "position" bigint NOT NULL,
    item integer NOT NULL,
    prev_hash bytea NOT NULL,
    row_hash bytea NOT NULL
);

CREATE TABLE read_a.numbers (
    number text NOT NULL,
    block uuid,
    mno text,
    state text NOT NULL,
    tenant uuid,
    lease uuid,
    until_ms bigint,
    "position" bigint NOT NULL,
    updated_position bigint NOT NULL,
    term_months integer,
    renewal text,
    type text NOT NULL
);

CREATE TABLE read_a.operator_files (
    file bytea NOT NULL,
    block uuid NOT NULL,
    mno text NOT NULL,
    rows integer NOT NULL,
    staged integer NOT NULL,
    state text NOT NULL,
    key uuid,
    approval uuid,
    importer uuid NOT NULL,
    opened_ms bigint NOT NULL,
    ended_ms bigint,
    "position" bigint NOT NULL,
    updated_position bigint NOT NULL
);

CREATE TABLE read_a.operators (
    id uuid NOT NULL,
    name text NOT NULL,
    country text NOT NULL,
    "position" bigint NOT NULL,
    updated_position bigint NOT NULL
);

CREATE TABLE read_a.pools (
    id uuid NOT NULL,
    name text NOT NULL,
    tenants jsonb,
    version integer NOT NULL,
    "position" bigint NOT NULL,
    updated_position bigint NOT NULL
);

CREATE TABLE read_a.routes (
    id uuid NOT NULL,
    prefix text NOT NULL,
    connector uuid NOT NULL,
    priority integer NOT NULL,
    weight integer NOT NULL,
    cost_micros bigint NOT NULL,
    "position" bigint NOT NULL,
    updated_position bigint NOT NULL
);

CREATE TABLE read_a.signals (
    id bigint NOT NULL,
    at_ms bigint NOT NULL,
    kind text NOT NULL,
    tenant uuid NOT NULL,
    number text,
    recalls integer,
    "position" bigint NOT NULL
);

CREATE TABLE read_b.audit (
    id bigint NOT NULL,
    at_ms bigint NOT NULL,
    event_type text NOT NULL,
    tenant uuid NOT NULL,
    actor uuid,
    actor_tenant uuid NOT NULL,
    action text NOT NULL,
    resource_type text,
    resource_id text,
    source_ip text,
    user_agent text,
    request uuid,
    code text,
    receipt text,
    count bigint,
    details jsonb NOT NULL
);

CREATE TABLE read_b.audit_subjects (
    subject text NOT NULL,
    tenant uuid NOT NULL,
    user_id uuid,
    known jsonb NOT NULL
);

CREATE TABLE read_b.blocks (
    id uuid NOT NULL,
    mno text NOT NULL,
    type text,
    first_number text,
    last_number text,
    contract uuid,
    region text,
    pool uuid,
    purpose text NOT NULL,
    file bytea,
    version integer NOT NULL,
    "position" bigint NOT NULL,
    updated_position bigint NOT NULL
);

CREATE TABLE read_b.connectors (
    id uuid NOT NULL,
    operator uuid NOT NULL,
    name text NOT NULL,
    state text NOT NULL,
    "position" bigint NOT NULL,
    updated_position bigint NOT NULL
);

CREATE TABLE read_b.contracts (
    id uuid NOT NULL,
    mno text NOT NULL,
    name text NOT NULL,
    starts_ms bigint NOT NULL,
    ends_ms bigint,
    state text NOT NULL,
    signature_ref text,
    version integer NOT NULL,
    "position" bigint NOT NULL,
    updated_position bigint NOT NULL
);

CREATE TABLE read_b.leases (
    id uuid NOT NULL,
    number text NOT NULL,
    tenant uuid NOT NULL,
    state text NOT NULL,
    reserved_at_ms bigint NOT NULL,
    until_ms bigint,
    assigned_at_ms bigint,
    ended_at_ms bigint,
    "position" bigint NOT NULL,
    updated_position bigint NOT NULL
);

CREATE TABLE read_b.messages (
    id uuid NOT NULL,
    tenant uuid NOT NULL,
    sender bigint,
    recipient_mask text,
    recipient_hash bytea,
    lane text,
    encoding text,
    segments integer,
    state text NOT NULL,
    reason text,
    connector uuid,
    smsc_id text,
    attempts integer NOT NULL,
    receipt text,
    receipt_error text,
    accepted_at_ms bigint NOT NULL,
    expires_at_ms bigint,
    dispatched_at_ms bigint,
    submitted_at_ms bigint,
    final_at_ms bigint,
    partition integer NOT NULL,
    "position" bigint NOT NULL,
    item integer NOT NULL,
    updated_position bigint NOT NULL
);

CREATE TABLE read_b.number_audit (
    id bigint NOT NULL,
    number text NOT NULL,
    seq integer NOT NULL,
    from_state text,
    to_state text NOT NULL,
    reason_code text NOT NULL,
    tenant uuid,
    lease uuid,
    actor uuid,
    actor_tenant uuid NOT NULL,
    at_ms bigint NOT NULL,
    "position" bigint NOT NULL,
    item integer NOT NULL,
    prev_hash bytea NOT NULL,
    row_hash bytea NOT NULL
);

CREATE TABLE read_b.numbers (
    number text NOT NULL,
    block uuid,
    mno text,
    state text NOT NULL,
    tenant uuid,
    lease uuid,
    until_ms bigint,
    "position" bigint NOT NULL,
    updated_position bigint NOT NULL,
    term_months integer,
    renewal text,
    type text NOT NULL
);

CREATE TABLE read_b.operator_files (
    file bytea NOT NULL,
    block uuid NOT NULL,
    mno text NOT NULL,
    rows integer NOT NULL,
    staged integer NOT NULL,
    state text NOT NULL,
    key uuid,
    approval uuid,
    importer uuid NOT NULL,
    opened_ms bigint NOT NULL,
    ended_ms bigint,
    "position" bigint NOT NULL,
    updated_position bigint NOT NULL
);

CREATE TABLE read_b.operators (
    id uuid NOT NULL,
    name text NOT NULL,
    country text NOT NULL,
    "position" bigint NOT NULL,
    updated_position bigint NOT NULL
);

CREATE TABLE read_b.pools (
    id uuid NOT NULL,
    name text NOT NULL,
    tenants jsonb,
    version integer NOT NULL,
    "position" bigint NOT NULL,
    updated_position bigint NOT NULL
);

CREATE TABLE read_b.routes (
    id uuid NOT NULL,
    prefix text NOT NULL,
    connector uuid NOT NULL,
    priority integer NOT NULL,
    weight integer NOT NULL,
    cost_micros bigint NOT NULL,
    "position" bigint NOT NULL,
    updated_position bigint NOT NULL
);

CREATE TABLE read_b.signals (
    id bigint NOT NULL,
    at_ms bigint NOT NULL,
    kind text NOT NULL,
    tenant uuid NOT NULL,
    number text,
    recalls integer,
    "position" bigint NOT NULL
);

ALTER TABLE peyk.active_slot ADD CONSTRAINT active_slot_lock_key UNIQUE (lock);

ALTER TABLE peyk.active_slot ADD CONSTRAINT active_slot_pkey PRIMARY KEY (projection);

ALTER TABLE peyk.active_slot ADD CONSTRAINT active_slot_projection_check CHECK ((projection = ANY (ARRAY['leases'::text, 'messages'::text, 'routes'::text, 'audit'::text, 'number_audit'::text])));

ALTER TABLE peyk.active_slot ADD CONSTRAINT active_slot_slot_check CHECK ((slot = ANY (ARRAY['a'::text, 'b'::text])));

ALTER TABLE peyk.checkpoints ADD CONSTRAINT checkpoints_hash_check CHECK ((octet_length(hash) = 32));

ALTER TABLE peyk.checkpoints ADD CONSTRAINT checkpoints_partition_check CHECK (((partition >= 0) AND (partition <= 65535)));

ALTER TABLE peyk.checkpoints ADD CONSTRAINT checkpoints_pkey PRIMARY KEY (projection, slot, ledger, partition);

ALTER TABLE peyk.checkpoints ADD CONSTRAINT checkpoints_position_check CHECK (("position" > 0));

ALTER TABLE peyk.checkpoints ADD CONSTRAINT checkpoints_slot_check CHECK ((slot = ANY (ARRAY['a'::text, 'b'::text])));

ALTER TABLE peyk.projector_states ADD CONSTRAINT projector_states_partition_check CHECK (((partition >= 0) AND (partition <= 65535)));

ALTER TABLE peyk.projector_states ADD CONSTRAINT projector_states_pkey PRIMARY KEY (process, projection, ledger, partition);

ALTER TABLE peyk.projector_states ADD CONSTRAINT projector_states_reason_check CHECK ((char_length(reason) <= 1000));

ALTER TABLE peyk.projector_states ADD CONSTRAINT projector_states_state_check CHECK ((state = ANY (ARRAY['starting'::text, 'running'::text, 'waiting'::text, 'blocked'::text, 'failed'::text, 'stopped'::text])));

ALTER TABLE peyk.read_tables ADD CONSTRAINT read_tables_pkey PRIMARY KEY (name);

ALTER TABLE read_a.audit ADD CONSTRAINT audit_details_check CHECK ((jsonb_typeof(details) = 'object'::text));

ALTER TABLE read_a.audit ADD CONSTRAINT audit_pkey PRIMARY KEY (id);

ALTER TABLE read_a.audit_subjects ADD CONSTRAINT audit_subjects_known_check CHECK ((jsonb_typeof(known) = 'object'::text));

ALTER TABLE read_a.audit_subjects ADD CONSTRAINT audit_subjects_pkey PRIMARY KEY (subject);

ALTER TABLE read_a.blocks ADD CONSTRAINT blocks_check CHECK (((first_number IS NULL) = (last_number IS NULL)));

ALTER TABLE read_a.blocks ADD CONSTRAINT blocks_pkey PRIMARY KEY (id);

ALTER TABLE read_a.blocks ADD CONSTRAINT blocks_purpose_check CHECK ((purpose = ANY (ARRAY['own'::text, 'intermediate'::text])));

ALTER TABLE read_a.blocks ADD CONSTRAINT blocks_type_check CHECK ((type = ANY (ARRAY['msisdn'::text, 'short_code'::text, 'vanity'::text])));

ALTER TABLE read_a.connectors ADD CONSTRAINT connectors_pkey PRIMARY KEY (id);

ALTER TABLE read_a.connectors ADD CONSTRAINT connectors_state_check CHECK ((state = ANY (ARRAY['open'::text, 'closed'::text])));

ALTER TABLE read_a.contracts ADD CONSTRAINT contracts_pkey PRIMARY KEY (id);

ALTER TABLE read_a.contracts ADD CONSTRAINT contracts_state_check CHECK ((state = ANY (ARRAY['draft'::text, 'active'::text, 'ended'::text])));

ALTER TABLE read_a.leases ADD CONSTRAINT leases_pkey PRIMARY KEY (id);

ALTER TABLE read_a.leases ADD CONSTRAINT leases_state_check CHECK ((state = ANY (ARRAY['reserved'::text, 'held'::text, 'assigned'::text, 'released'::text, 'expired'::text, 'recalled'::text])));

ALTER TABLE read_a.messages ADD CONSTRAINT messages_encoding_check CHECK ((encoding = ANY (ARRAY['gsm7'::text, 'ucs2'::text])));

ALTER TABLE read_a.messages ADD CONSTRAINT messages_lane_check CHECK ((lane = ANY (ARRAY['otp'::text, 'transactional'::text, 'bulk'::text])));

ALTER TABLE read_a.messages ADD CONSTRAINT messages_pkey PRIMARY KEY (id);

ALTER TABLE read_a.messages ADD CONSTRAINT messages_recipient_hash_check CHECK ((octet_length(recipient_hash) = 32));

ALTER TABLE read_a.messages ADD CONSTRAINT messages_state_check CHECK ((state = ANY (ARRAY['accepted'::text, 'refused'::text, 'dispatched'::text, 'submitted'::text, 'in_doubt'::text, 'delivered'::text, 'undelivered'::text, 'failed'::text, 'expired'::text])));

ALTER TABLE read_a.number_audit ADD CONSTRAINT number_audit_number_prev_hash_key UNIQUE (number, prev_hash);

ALTER TABLE read_a.number_audit ADD CONSTRAINT number_audit_number_seq_key UNIQUE (number, seq);

ALTER TABLE read_a.number_audit ADD CONSTRAINT number_audit_pkey PRIMARY KEY (id);

ALTER TABLE read_a.numbers ADD CONSTRAINT numbers_block_check CHECK ((((type = 'alpha'::text) = (block IS NULL)) AND ((block IS NULL) = (mno IS NULL))));

ALTER TABLE read_a.numbers ADD CONSTRAINT numbers_check CHECK (((tenant IS NULL) = (state = ANY (ARRAY['available'::text, 'quarantined'::text, 'retired'::text]))));

ALTER TABLE read_a.numbers ADD CONSTRAINT numbers_check1 CHECK (((lease IS NULL) = (tenant IS NULL)));

ALTER TABLE read_a.numbers ADD CONSTRAINT numbers_pkey PRIMARY KEY (number);

ALTER TABLE read_a.numbers ADD CONSTRAINT numbers_renewal_check CHECK ((renewal = ANY (ARRAY['automatic'::text, 'on_request'::text])));

ALTER TABLE read_a.numbers ADD CONSTRAINT numbers_state_check CHECK ((state = ANY (ARRAY['available'::text, 'reserved'::text, 'held'::text, 'assigned'::text, 'quarantined'::text, 'recalled'::text, 'retired'::text])));

ALTER TABLE read_a.numbers ADD CONSTRAINT numbers_term_check CHECK (((term_months IS NULL) = (renewal IS NULL)));

ALTER TABLE read_a.numbers ADD CONSTRAINT numbers_type_check CHECK ((type = ANY (ARRAY['msisdn'::text, 'short_code'::text, 'vanity'::text, 'alpha'::text])));

ALTER TABLE read_a.operator_files ADD CONSTRAINT operator_files_pkey PRIMARY KEY (file);

ALTER TABLE read_a.operator_files ADD CONSTRAINT operator_files_state_check CHECK ((state = ANY (ARRAY['open'::text, 'clearing'::text, 'abandoned'::text, 'closed'::text])));

ALTER TABLE read_a.operators ADD CONSTRAINT operators_pkey PRIMARY KEY (id);

ALTER TABLE read_a.pools ADD CONSTRAINT pools_pkey PRIMARY KEY (id);

ALTER TABLE read_a.routes ADD CONSTRAINT routes_pkey PRIMARY KEY (id);

ALTER TABLE read_a.signals ADD CONSTRAINT signals_kind_check CHECK ((kind = ANY (ARRAY['reservation_burst'::text, 'recalled_number_leased_again'::text])));

ALTER TABLE read_a.signals ADD CONSTRAINT signals_pkey PRIMARY KEY (id);

ALTER TABLE read_b.audit ADD CONSTRAINT audit_details_check CHECK ((jsonb_typeof(details) = 'object'::text));

ALTER TABLE read_b.audit ADD CONSTRAINT audit_pkey PRIMARY KEY (id);

ALTER TABLE read_b.audit_subjects ADD CONSTRAINT audit_subjects_known_check CHECK ((jsonb_typeof(known) = 'object'::text));

ALTER TABLE read_b.audit_subjects ADD CONSTRAINT audit_subjects_pkey PRIMARY KEY (subject);

ALTER TABLE read_b.blocks ADD CONSTRAINT blocks_check CHECK (((first_number IS NULL) = (last_number IS NULL)));

ALTER TABLE read_b.blocks ADD CONSTRAINT blocks_pkey PRIMARY KEY (id);

ALTER TABLE read_b.blocks ADD CONSTRAINT blocks_purpose_check CHECK ((purpose = ANY (ARRAY['own'::text, 'intermediate'::text])));

ALTER TABLE read_b.blocks ADD CONSTRAINT blocks_type_check CHECK ((type = ANY (ARRAY['msisdn'::text, 'short_code'::text, 'vanity'::text])));

ALTER TABLE read_b.connectors ADD CONSTRAINT connectors_pkey PRIMARY KEY (id);

ALTER TABLE read_b.connectors ADD CONSTRAINT connectors_state_check CHECK ((state = ANY (ARRAY['open'::text, 'closed'::text])));

ALTER TABLE read_b.contracts ADD CONSTRAINT contracts_pkey PRIMARY KEY (id);

ALTER TABLE read_b.contracts ADD CONSTRAINT contracts_state_check CHECK ((state = ANY (ARRAY['draft'::text, 'active'::text, 'ended'::text])));

ALTER TABLE read_b.leases ADD CONSTRAINT leases_pkey PRIMARY KEY (id);

ALTER TABLE read_b.leases ADD CONSTRAINT leases_state_check CHECK ((state = ANY (ARRAY['reserved'::text, 'held'::text, 'assigned'::text, 'released'::text, 'expired'::text, 'recalled'::text])));

ALTER TABLE read_b.messages ADD CONSTRAINT messages_encoding_check CHECK ((encoding = ANY (ARRAY['gsm7'::text, 'ucs2'::text])));

ALTER TABLE read_b.messages ADD CONSTRAINT messages_lane_check CHECK ((lane = ANY (ARRAY['otp'::text, 'transactional'::text, 'bulk'::text])));

ALTER TABLE read_b.messages ADD CONSTRAINT messages_pkey PRIMARY KEY (id);

ALTER TABLE read_b.messages ADD CONSTRAINT messages_recipient_hash_check CHECK ((octet_length(recipient_hash) = 32));

ALTER TABLE read_b.messages ADD CONSTRAINT messages_state_check CHECK ((state = ANY (ARRAY['accepted'::text, 'refused'::text, 'dispatched'::text, 'submitted'::text, 'in_doubt'::text, 'delivered'::text, 'undelivered'::text, 'failed'::text, 'expired'::text])));

ALTER TABLE read_b.number_audit ADD CONSTRAINT number_audit_number_prev_hash_key UNIQUE (number, prev_hash);

ALTER TABLE read_b.number_audit ADD CONSTRAINT number_audit_number_seq_key UNIQUE (number, seq);

ALTER TABLE read_b.number_audit ADD CONSTRAINT number_audit_pkey PRIMARY KEY (id);

ALTER TABLE read_b.numbers ADD CONSTRAINT numbers_block_check CHECK ((((type = 'alpha'::text) = (block IS NULL)) AND ((block IS NULL) = (mno IS NULL))));

ALTER TABLE read_b.numbers ADD CONSTRAINT numbers_check CHECK (((tenant IS NULL) = (state = ANY (ARRAY['available'::text, 'quarantined'::text, 'retired'::text]))));

ALTER TABLE read_b.numbers ADD CONSTRAINT numbers_check1 CHECK (((lease IS NULL) = (tenant IS NULL)));

ALTER TABLE read_b.numbers ADD CONSTRAINT numbers_pkey PRIMARY KEY (number);

ALTER TABLE read_b.numbers ADD CONSTRAINT numbers_renewal_check CHECK ((renewal = ANY (ARRAY['automatic'::text, 'on_request'::text])));

ALTER TABLE read_b.numbers ADD CONSTRAINT numbers_state_check CHECK ((state = ANY (ARRAY['available'::text, 'reserved'::text, 'held'::text, 'assigned'::text, 'quarantined'::text, 'recalled'::text, 'retired'::text])));

ALTER TABLE read_b.numbers ADD CONSTRAINT numbers_term_check CHECK (((term_months IS NULL) = (renewal IS NULL)));

ALTER TABLE read_b.numbers ADD CONSTRAINT numbers_type_check CHECK ((type = ANY (ARRAY['msisdn'::text, 'short_code'::text, 'vanity'::text, 'alpha'::text])));

ALTER TABLE read_b.operator_files ADD CONSTRAINT operator_files_pkey PRIMARY KEY (file);

ALTER TABLE read_b.operator_files ADD CONSTRAINT operator_files_state_check CHECK ((state = ANY (ARRAY['open'::text, 'clearing'::text, 'abandoned'::text, 'closed'::text])));

ALTER TABLE read_b.operators ADD CONSTRAINT operators_pkey PRIMARY KEY (id);

ALTER TABLE read_b.pools ADD CONSTRAINT pools_pkey PRIMARY KEY (id);

ALTER TABLE read_b.routes ADD CONSTRAINT routes_pkey PRIMARY KEY (id);

ALTER TABLE read_b.signals ADD CONSTRAINT signals_kind_check CHECK ((kind = ANY (ARRAY['reservation_burst'::text, 'recalled_number_leased_again'::text])));

ALTER TABLE read_b.signals ADD CONSTRAINT signals_pkey PRIMARY KEY (id);

ALTER TABLE peyk.checkpoints ADD CONSTRAINT checkpoints_projection_fkey FOREIGN KEY (projection) REFERENCES peyk.active_slot(projection);

ALTER TABLE peyk.projector_states ADD CONSTRAINT projector_states_projection_fkey FOREIGN KEY (projection) REFERENCES peyk.active_slot(projection);

ALTER TABLE peyk.read_tables ADD CONSTRAINT read_tables_projection_fkey FOREIGN KEY (projection) REFERENCES peyk.active_slot(projection);

CREATE INDEX audit_actor ON read_a.audit USING btree (actor, id DESC) WHERE (actor IS NOT NULL);

CREATE INDEX audit_newest ON read_a.audit USING btree (tenant, id DESC);

CREATE INDEX audit_resource ON read_a.audit USING btree (resource_id, id DESC) WHERE (resource_id IS NOT NULL);

CREATE INDEX audit_time ON read_a.audit USING btree (at_ms);

CREATE INDEX audit_type ON read_a.audit USING btree (event_type, id DESC);

CREATE INDEX leases_tenant ON read_a.leases USING btree (tenant, id);

CREATE INDEX messages_newest ON read_a.messages USING btree (tenant, "position" DESC, item DESC);

CREATE INDEX number_audit_tenant ON read_a.number_audit USING btree (tenant, number, id) WHERE (tenant IS NOT NULL);

CREATE INDEX numbers_state ON read_a.numbers USING btree (state, number);

CREATE INDEX numbers_tenant ON read_a.numbers USING btree (tenant, number) WHERE (tenant IS NOT NULL);

CREATE INDEX operator_files_by_position ON read_a.operator_files USING btree ("position");

CREATE INDEX operator_files_hidden ON read_a.operator_files USING btree (block) WHERE (state = ANY (ARRAY['open'::text, 'clearing'::text]));

CREATE INDEX routes_prefix ON read_a.routes USING btree (prefix, priority);

CREATE INDEX audit_actor ON read_b.audit USING btree (actor, id DESC) WHERE (actor IS NOT NULL);

CREATE INDEX audit_newest ON read_b.audit USING btree (tenant, id DESC);

CREATE INDEX audit_resource ON read_b.audit USING btree (resource_id, id DESC) WHERE (resource_id IS NOT NULL);

CREATE INDEX audit_time ON read_b.audit USING btree (at_ms);

CREATE INDEX audit_type ON read_b.audit USING btree (event_type, id DESC);

CREATE INDEX leases_tenant ON read_b.leases USING btree (tenant, id);

CREATE INDEX messages_newest ON read_b.messages USING btree (tenant, "position" DESC, item DESC);

CREATE INDEX number_audit_tenant ON read_b.number_audit USING btree (tenant, number, id) WHERE (tenant IS NOT NULL);

CREATE INDEX numbers_state ON read_b.numbers USING btree (state, number);

CREATE INDEX numbers_tenant ON read_b.numbers USING btree (tenant, number) WHERE (tenant IS NOT NULL);

CREATE INDEX operator_files_by_position ON read_b.operator_files USING btree ("position");

CREATE INDEX operator_files_hidden ON read_b.operator_files USING btree (block) WHERE (state = ANY (ARRAY['open'::text, 'clearing'::text]));

CREATE INDEX routes_prefix ON read_b.routes USING btree (prefix, priority);

ALTER TABLE read_a.audit ENABLE ROW LEVEL SECURITY;

ALTER TABLE read_a.audit_subjects ENABLE ROW LEVEL SECURITY;

ALTER TABLE read_a.blocks ENABLE ROW LEVEL SECURITY;

ALTER TABLE read_a.contracts ENABLE ROW LEVEL SECURITY;

ALTER TABLE read_a.leases ENABLE ROW LEVEL SECURITY;

ALTER TABLE read_a.messages ENABLE ROW LEVEL SECURITY;

ALTER TABLE read_a.number_audit ENABLE ROW LEVEL SECURITY;

ALTER TABLE read_a.numbers ENABLE ROW LEVEL SECURITY;

ALTER TABLE read_a.pools ENABLE ROW LEVEL SECURITY;

ALTER TABLE read_a.signals ENABLE ROW LEVEL SECURITY;

ALTER TABLE read_b.audit ENABLE ROW LEVEL SECURITY;

ALTER TABLE read_b.audit_subjects ENABLE ROW LEVEL SECURITY;

ALTER TABLE read_b.blocks ENABLE ROW LEVEL SECURITY;

ALTER TABLE read_b.contracts ENABLE ROW LEVEL SECURITY;

ALTER TABLE read_b.leases ENABLE ROW LEVEL SECURITY;

ALTER TABLE read_b.messages ENABLE ROW LEVEL SECURITY;

ALTER TABLE read_b.number_audit ENABLE ROW LEVEL SECURITY;

ALTER TABLE read_b.numbers ENABLE ROW LEVEL SECURITY;

ALTER TABLE read_b.pools ENABLE ROW LEVEL SECURITY;

ALTER TABLE read_b.signals ENABLE ROW LEVEL SECURITY;

CREATE VIEW read.audit WITH (security_invoker=true) AS
 SELECT audit.id,
    audit.at_ms,
    audit.event_type,
    audit.tenant,
    audit.actor,
    audit.actor_tenant,
    audit.action,
    audit.resource_type,
    audit.resource_id,
    audit.source_ip,
    audit.user_agent,
    audit.request,
    audit.code,
    audit.receipt,
    audit.count,
    audit.details
   FROM read_a.audit;

CREATE VIEW read.audit_subjects WITH (security_invoker=true) AS
 SELECT audit_subjects.subject,
    audit_subjects.tenant,
    audit_subjects.user_id,
    audit_subjects.known
   FROM read_a.audit_subjects;

CREATE VIEW read.blocks WITH (security_invoker=true) AS
 SELECT blocks.id,
    blocks.mno,
    blocks.type,
    blocks.first_number,
    blocks.last_number,
    blocks.contract,
    blocks.region,
    blocks.pool,
    blocks.purpose,
    blocks.file,
    blocks.version,
    blocks."position",
    blocks.updated_position
   FROM read_a.blocks;

CREATE VIEW read.checkpoints WITH (security_invoker=true) AS
 SELECT c.projection,
    c.ledger,
    c.partition,
    c."position",
    c.hash,
    c.updated_at
   FROM (peyk.checkpoints c
     JOIN peyk.active_slot s USING (projection, slot));

CREATE VIEW read.connectors WITH (security_invoker=true) AS
 SELECT connectors.id,
    connectors.operator,
    connectors.name,
    connectors.state,
    connectors."position",
    connectors.updated_position
   FROM read_a.connectors;

CREATE VIEW read.contracts WITH (security_invoker=true) AS
 SELECT contracts.id,
    contracts.mno,
    contracts.name,
    contracts.starts_ms,
    contracts.ends_ms,
    contracts.state,
    contracts.signature_ref,
    contracts.version,
    contracts."position",
    contracts.updated_position
   FROM read_a.contracts;

CREATE VIEW read.leases WITH (security_invoker=true) AS
 SELECT leases.id,
    leases.number,
    leases.tenant,
    leases.state,
    leases.reserved_at_ms,
    leases.until_ms,
    leases.assigned_at_ms,
    leases.ended_at_ms,
    leases."position",
    leases.updated_position
   FROM read_a.leases;

CREATE VIEW read.messages WITH (security_invoker=true) AS
 SELECT messages.id,
    messages.tenant,
    messages.sender,
    messages.recipient_mask,
    messages.recipient_hash,
    messages.lane,
    messages.encoding,
    messages.segments,
    messages.state,
    messages.reason,
    messages.connector,
    messages.smsc_id,
    messages.attempts,
    messages.receipt,
    messages.receipt_error,
    messages.accepted_at_ms,
    messages.expires_at_ms,
    messages.dispatched_at_ms,
    messages.submitted_at_ms,
    messages.final_at_ms,
    messages.partition,
    messages."position",
    messages.item,
    messages.updated_position
   FROM read_a.messages;

CREATE VIEW read.number_audit WITH (security_invoker=true) AS
 SELECT number_audit.id,
    number_audit.number,
    number_audit.seq,
    number_audit.from_state,
    number_audit.to_state,
    number_audit.reason_code,
    number_audit.tenant,
    number_audit.lease,
    number_audit.actor,
    number_audit.actor_tenant,
    number_audit.at_ms,
    number_audit."position",
    number_audit.item,
    number_audit.prev_hash,
    number_audit.row_hash
   FROM read_a.number_audit;

CREATE VIEW read.numbers WITH (security_invoker=true) AS
 SELECT numbers.number,
    numbers.block,
    numbers.mno,
    numbers.state,
    numbers.tenant,
    numbers.lease,
    numbers.until_ms,
    numbers."position",
    numbers.updated_position,
    numbers.term_months,
    numbers.renewal,
    numbers.type
   FROM read_a.numbers;

CREATE VIEW read.operator_files WITH (security_invoker=true) AS
 SELECT operator_files.file,
    operator_files.block,
    operator_files.mno,
    operator_files.rows,
    operator_files.staged,
    operator_files.state,
    operator_files.key,
    operator_files.approval,
    operator_files.importer,
    operator_files.opened_ms,
    operator_files.ended_ms,
    operator_files."position",
    operator_files.updated_position
   FROM read_a.operator_files;

CREATE VIEW read.operators WITH (security_invoker=true) AS
 SELECT operators.id,
    operators.name,
    operators.country,
    operators."position",
    operators.updated_position
   FROM read_a.operators;

CREATE VIEW read.pools WITH (security_invoker=true) AS
 SELECT pools.id,
    pools.name,
    pools.tenants,
    pools.version,
    pools."position",
    pools.updated_position
   FROM read_a.pools;

CREATE VIEW read.routes WITH (security_invoker=true) AS
 SELECT routes.id,
    routes.prefix,
    routes.connector,
    routes.priority,
    routes.weight,
    routes.cost_micros,
    routes."position",
    routes.updated_position
   FROM read_a.routes;

CREATE VIEW read.signals WITH (security_invoker=true) AS
 SELECT signals.id,
    signals.at_ms,
    signals.kind,
    signals.tenant,
    signals.number,
    signals.recalls,
    signals."position"
   FROM read_a.signals;

CREATE OR REPLACE FUNCTION peyk.add_alone()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
    PERFORM pg_advisory_xact_lock(1885960557, TG_RELID::int);
    RETURN NULL;
END
$function$
;

CREATE OR REPLACE FUNCTION peyk.framed(value bytea)
 RETURNS bytea
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
AS $function$
    SELECT CASE WHEN value IS NULL THEN '\xffffffff'::bytea ELSE int4send(octet_length(value)) || value END
$function$
;

CREATE OR REPLACE FUNCTION peyk.refuse_change()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
    RAISE EXCEPTION '%.% is only ever added to', TG_TABLE_SCHEMA, TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END
$function$
;

CREATE OR REPLACE FUNCTION peyk.refuse_truncate()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.oid = TG_RELID AND pg_catalog.pg_get_userbyid(c.relowner) = current_user)
        OR EXISTS (SELECT FROM peyk.read_tables t JOIN peyk.active_slot s USING (projection)
            WHERE t.name = TG_TABLE_NAME AND 'read_' || s.slot = TG_TABLE_SCHEMA)
    THEN
        RAISE EXCEPTION '%.% is only ever added to', TG_TABLE_SCHEMA, TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NULL;
END
$function$
;

CREATE OR REPLACE FUNCTION read.activate(wanted_projection text, wanted_slot text)
 RETURNS void
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
DECLARE
    relation text;
BEGIN
    PERFORM pg_advisory_xact_lock(1885960555, s.lock) FROM peyk.active_slot s WHERE s.projection = wanted_projection;
    UPDATE peyk.active_slot SET spare_ready = spare_ready OR slot <> wanted_slot, slot = wanted_slot
        WHERE projection = wanted_projection;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no projection %', wanted_projection USING ERRCODE = 'invalid_parameter_value';
    END IF;
    FOR relation IN SELECT t.name FROM peyk.read_tables t WHERE t.projection = wanted_projection ORDER BY t.name LOOP
        EXECUTE format('CREATE OR REPLACE VIEW read.%1$I WITH (security_invoker = true) AS SELECT * FROM %2$I.%1$I',
            relation, 'read_' || wanted_slot);
    END LOOP;
END
$function$
;

CREATE OR REPLACE FUNCTION read.clear_idle(wanted_projection text)
 RETURNS text
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
DECLARE
    idle text;
    relation text;
BEGIN
    PERFORM pg_advisory_xact_lock(1885960555, s.lock) FROM peyk.active_slot s WHERE s.projection = wanted_projection;
    UPDATE peyk.active_slot SET spare_ready = false WHERE projection = wanted_projection
        RETURNING CASE slot WHEN 'a' THEN 'b' ELSE 'a' END INTO idle;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no projection %', wanted_projection USING ERRCODE = 'invalid_parameter_value';
    END IF;
    FOR relation IN SELECT t.name FROM peyk.read_tables t WHERE t.projection = wanted_projection ORDER BY t.name LOOP
        EXECUTE format('TRUNCATE %I.%I', 'read_' || idle, relation);
    END LOOP;
    DELETE FROM peyk.checkpoints WHERE projection = wanted_projection AND slot = idle;
    RETURN idle;
END
$function$
;

CREATE OR REPLACE FUNCTION read_a.blocks_withheld(viewer uuid)
 RETURNS SETOF uuid
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
                SELECT block.id FROM read_a.blocks block LEFT JOIN read_a.pools pool ON pool.id = block.pool
                WHERE block.purpose = 'intermediate'
                    OR (pool.tenants IS NOT NULL AND (viewer IS NULL OR NOT pool.tenants ? viewer::text))
            $function$
;

CREATE OR REPLACE FUNCTION read_a.chain_number_audit()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
            DECLARE
                last record;
            BEGIN
                SELECT t.id, t.seq, t.to_state, t.row_hash INTO last FROM read_a.number_audit t
                    WHERE t.number = NEW.number ORDER BY t.seq DESC LIMIT 1;
                IF NOT FOUND THEN
                    NEW.seq := 1;
                    NEW.from_state := NULL;
                    NEW.prev_hash := '\x0000000000000000000000000000000000000000000000000000000000000000'::bytea;
                ELSIF last.id >= NEW.id THEN
                    RAISE EXCEPTION 'a row of number_audit comes after a later one' USING ERRCODE = 'integrity_constraint_violation';
                ELSE
                    NEW.seq := last.seq + 1;
                    NEW.from_state := last.to_state;
                    NEW.prev_hash := last.row_hash;
                END IF;
                NEW.row_hash := sha256(NEW.prev_hash
                    || peyk.framed(int8send(NEW.id))
                    || peyk.framed(convert_to(NEW.number, 'UTF8'))
                    || peyk.framed(int4send(NEW.seq))
                    || peyk.framed(convert_to(NEW.from_state, 'UTF8'))
                    || peyk.framed(convert_to(NEW.to_state, 'UTF8'))
                    || peyk.framed(convert_to(NEW.reason_code, 'UTF8'))
                    || peyk.framed(uuid_send(NEW.tenant))
                    || peyk.framed(uuid_send(NEW.lease))
                    || peyk.framed(uuid_send(NEW.actor))
                    || peyk.framed(uuid_send(NEW.actor_tenant))
                    || peyk.framed(int8send(NEW.at_ms))
                    || peyk.framed(int8send(NEW.position))
                    || peyk.framed(int4send(NEW.item)));
                RETURN NEW;
            END
            $function$
;

CREATE OR REPLACE FUNCTION read_b.blocks_withheld(viewer uuid)
 RETURNS SETOF uuid
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
                SELECT block.id FROM read_b.blocks block LEFT JOIN read_b.pools pool ON pool.id = block.pool
                WHERE block.purpose = 'intermediate'
                    OR (pool.tenants IS NOT NULL AND (viewer IS NULL OR NOT pool.tenants ? viewer::text))
            $function$
;

CREATE OR REPLACE FUNCTION read_b.chain_number_audit()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
            DECLARE
                last record;
            BEGIN
                SELECT t.id, t.seq, t.to_state, t.row_hash INTO last FROM read_b.number_audit t
                    WHERE t.number = NEW.number ORDER BY t.seq DESC LIMIT 1;
                IF NOT FOUND THEN
                    NEW.seq := 1;
                    NEW.from_state := NULL;
                    NEW.prev_hash := '\x0000000000000000000000000000000000000000000000000000000000000000'::bytea;
                ELSIF last.id >= NEW.id THEN
                    RAISE EXCEPTION 'a row of number_audit comes after a later one' USING ERRCODE = 'integrity_constraint_violation';
                ELSE
                    NEW.seq := last.seq + 1;
                    NEW.from_state := last.to_state;
                    NEW.prev_hash := last.row_hash;
                END IF;
                NEW.row_hash := sha256(NEW.prev_hash
                    || peyk.framed(int8send(NEW.id))
                    || peyk.framed(convert_to(NEW.number, 'UTF8'))
                    || peyk.framed(int4send(NEW.seq))
                    || peyk.framed(convert_to(NEW.from_state, 'UTF8'))
                    || peyk.framed(convert_to(NEW.to_state, 'UTF8'))
                    || peyk.framed(convert_to(NEW.reason_code, 'UTF8'))
                    || peyk.framed(uuid_send(NEW.tenant))
                    || peyk.framed(uuid_send(NEW.lease))
                    || peyk.framed(uuid_send(NEW.actor))
                    || peyk.framed(uuid_send(NEW.actor_tenant))
                    || peyk.framed(int8send(NEW.at_ms))
                    || peyk.framed(int8send(NEW.position))
                    || peyk.framed(int4send(NEW.item)));
                RETURN NEW;
            END
            $function$
;

REVOKE ALL ON FUNCTION read.activate(text,text) FROM PUBLIC;

REVOKE ALL ON FUNCTION read.clear_idle(text) FROM PUBLIC;

REVOKE ALL ON FUNCTION read_a.blocks_withheld(uuid) FROM PUBLIC;

REVOKE ALL ON FUNCTION read_b.blocks_withheld(uuid) FROM PUBLIC;

GRANT EXECUTE ON FUNCTION read.activate(text,text) TO peyk_projector;

GRANT EXECUTE ON FUNCTION read.clear_idle(text) TO peyk_projector;

GRANT EXECUTE ON FUNCTION read_a.blocks_withheld(uuid) TO peyk_reader;

GRANT EXECUTE ON FUNCTION read_b.blocks_withheld(uuid) TO peyk_reader;

GRANT USAGE ON SCHEMA peyk TO peyk_projector;

GRANT USAGE ON SCHEMA peyk TO peyk_reader;

GRANT USAGE ON SCHEMA read TO peyk_projector;

GRANT USAGE ON SCHEMA read TO peyk_reader;

GRANT USAGE ON SCHEMA read_a TO peyk_projector;

GRANT USAGE ON SCHEMA read_a TO peyk_reader;

GRANT USAGE ON SCHEMA read_b TO peyk_projector;

GRANT USAGE ON SCHEMA read_b TO peyk_reader;

GRANT SELECT ON TABLE peyk.active_slot TO peyk_projector;

GRANT SELECT ON TABLE peyk.active_slot TO peyk_reader;

GRANT INSERT, SELECT, UPDATE ON TABLE peyk.checkpoints TO peyk_projector;

GRANT SELECT ON TABLE peyk.checkpoints TO peyk_reader;

GRANT DELETE, INSERT, SELECT, UPDATE ON TABLE peyk.projector_states TO peyk_projector;

GRANT SELECT ON TABLE peyk.projector_states TO peyk_reader;

GRANT SELECT ON TABLE peyk.read_tables TO peyk_projector;

GRANT SELECT ON TABLE read.audit TO peyk_reader;

GRANT SELECT ON TABLE read.blocks TO peyk_reader;

GRANT SELECT ON TABLE read.checkpoints TO peyk_reader;

GRANT SELECT ON TABLE read.connectors TO peyk_reader;

GRANT SELECT ON TABLE read.contracts TO peyk_reader;

GRANT SELECT ON TABLE read.leases TO peyk_reader;

GRANT SELECT ON TABLE read.messages TO peyk_reader;

GRANT SELECT ON TABLE read.number_audit TO peyk_reader;

GRANT SELECT ON TABLE read.numbers TO peyk_reader;

GRANT SELECT ON TABLE read.operator_files TO peyk_reader;

GRANT SELECT ON TABLE read.operators TO peyk_reader;

GRANT SELECT ON TABLE read.pools TO peyk_reader;

GRANT SELECT ON TABLE read.routes TO peyk_reader;

GRANT SELECT ON TABLE read.signals TO peyk_reader;

GRANT DELETE, INSERT, SELECT, UPDATE ON TABLE read_a.audit TO peyk_projector;

GRANT SELECT ON TABLE read_a.audit TO peyk_reader;

GRANT DELETE, INSERT, SELECT, UPDATE ON TABLE read_a.audit_subjects TO peyk_projector;

GRANT DELETE, INSERT, SELECT, UPDATE ON TABLE read_a.blocks TO peyk_projector;

GRANT SELECT ON TABLE read_a.blocks TO peyk_reader;

GRANT DELETE, INSERT, SELECT, UPDATE ON TABLE read_a.connectors TO peyk_projector;

GRANT SELECT ON TABLE read_a.connectors TO peyk_reader;

GRANT DELETE, INSERT, SELECT, UPDATE ON TABLE read_a.contracts TO peyk_projector;

GRANT SELECT ON TABLE read_a.contracts TO peyk_reader;

GRANT DELETE, INSERT, SELECT, UPDATE ON TABLE read_a.leases TO peyk_projector;

GRANT SELECT ON TABLE read_a.leases TO peyk_reader;

GRANT DELETE, INSERT, SELECT, UPDATE ON TABLE read_a.messages TO peyk_projector;

GRANT SELECT ON TABLE read_a.messages TO peyk_reader;

GRANT INSERT, SELECT ON TABLE read_a.number_audit TO peyk_projector;

GRANT SELECT ON TABLE read_a.number_audit TO peyk_reader;

GRANT DELETE, INSERT, SELECT, UPDATE ON TABLE read_a.numbers TO peyk_projector;

GRANT SELECT ON TABLE read_a.numbers TO peyk_reader;

GRANT DELETE, INSERT, SELECT, UPDATE ON TABLE read_a.operator_files TO peyk_projector;

GRANT SELECT ON TABLE read_a.operator_files TO peyk_reader;

GRANT DELETE, INSERT, SELECT, UPDATE ON TABLE read_a.operators TO peyk_projector;

GRANT SELECT ON TABLE read_a.operators TO peyk_reader;

GRANT DELETE, INSERT, SELECT, UPDATE ON TABLE read_a.pools TO peyk_projector;

GRANT SELECT ON TABLE read_a.pools TO peyk_reader;

GRANT DELETE, INSERT, SELECT, UPDATE ON TABLE read_a.routes TO peyk_projector;

GRANT SELECT ON TABLE read_a.routes TO peyk_reader;

GRANT DELETE, INSERT, SELECT, UPDATE ON TABLE read_a.signals TO peyk_projector;

GRANT SELECT ON TABLE read_a.signals TO peyk_reader;

GRANT DELETE, INSERT, SELECT, UPDATE ON TABLE read_b.audit TO peyk_projector;

GRANT SELECT ON TABLE read_b.audit TO peyk_reader;

GRANT DELETE, INSERT, SELECT, UPDATE ON TABLE read_b.audit_subjects TO peyk_projector;

GRANT DELETE, INSERT, SELECT, UPDATE ON TABLE read_b.blocks TO peyk_projector;

GRANT SELECT ON TABLE read_b.blocks TO peyk_reader;

GRANT DELETE, INSERT, SELECT, UPDATE ON TABLE read_b.connectors TO peyk_projector;

GRANT SELECT ON TABLE read_b.connectors TO peyk_reader;

GRANT DELETE, INSERT, SELECT, UPDATE ON TABLE read_b.contracts TO peyk_projector;

GRANT SELECT ON TABLE read_b.contracts TO peyk_reader;

GRANT DELETE, INSERT, SELECT, UPDATE ON TABLE read_b.leases TO peyk_projector;

GRANT SELECT ON TABLE read_b.leases TO peyk_reader;

GRANT DELETE, INSERT, SELECT, UPDATE ON TABLE read_b.messages TO peyk_projector;

GRANT SELECT ON TABLE read_b.messages TO peyk_reader;

GRANT INSERT, SELECT ON TABLE read_b.number_audit TO peyk_projector;

GRANT SELECT ON TABLE read_b.number_audit TO peyk_reader;

GRANT DELETE, INSERT, SELECT, UPDATE ON TABLE read_b.numbers TO peyk_projector;

GRANT SELECT ON TABLE read_b.numbers TO peyk_reader;

GRANT DELETE, INSERT, SELECT, UPDATE ON TABLE read_b.operator_files TO peyk_projector;

GRANT SELECT ON TABLE read_b.operator_files TO peyk_reader;

GRANT DELETE, INSERT, SELECT, UPDATE ON TABLE read_b.operators TO peyk_projector;

GRANT SELECT ON TABLE read_b.operators TO peyk_reader;

GRANT DELETE, INSERT, SELECT, UPDATE ON TABLE read_b.pools TO peyk_projector;

GRANT SELECT ON TABLE read_b.pools TO peyk_reader;

GRANT DELETE, INSERT, SELECT, UPDATE ON TABLE read_b.routes TO peyk_projector;

GRANT SELECT ON TABLE read_b.routes TO peyk_reader;

GRANT DELETE, INSERT, SELECT, UPDATE ON TABLE read_b.signals TO peyk_projector;

GRANT SELECT ON TABLE read_b.signals TO peyk_reader;

COMMENT ON COLUMN peyk.active_slot.projection IS 'internal';

COMMENT ON COLUMN peyk.active_slot.lock IS 'internal';

COMMENT ON COLUMN peyk.active_slot.slot IS 'internal';

COMMENT ON COLUMN peyk.active_slot.spare_ready IS 'internal';

COMMENT ON COLUMN peyk.checkpoints.projection IS 'internal';

COMMENT ON COLUMN peyk.checkpoints.slot IS 'internal';

COMMENT ON COLUMN peyk.checkpoints.ledger IS 'internal';

COMMENT ON COLUMN peyk.checkpoints.partition IS 'internal';

COMMENT ON COLUMN peyk.checkpoints."position" IS 'internal';

COMMENT ON COLUMN peyk.checkpoints.hash IS 'internal';

COMMENT ON COLUMN peyk.checkpoints.head IS 'internal';

COMMENT ON COLUMN peyk.checkpoints.updated_at IS 'internal';

COMMENT ON COLUMN peyk.projector_states.process IS 'internal';

COMMENT ON COLUMN peyk.projector_states.projection IS 'internal';

COMMENT ON COLUMN peyk.projector_states.ledger IS 'internal';

COMMENT ON COLUMN peyk.projector_states.partition IS 'internal';

COMMENT ON COLUMN peyk.projector_states.state IS 'internal';

COMMENT ON COLUMN peyk.projector_states.reason IS 'internal';

COMMENT ON COLUMN peyk.projector_states.record IS 'internal';

COMMENT ON COLUMN peyk.projector_states."position" IS 'internal';

COMMENT ON COLUMN peyk.projector_states.tail IS 'internal';

COMMENT ON COLUMN peyk.projector_states.since IS 'internal';

COMMENT ON COLUMN peyk.projector_states.progressed_at IS 'internal';

COMMENT ON COLUMN peyk.projector_states.seen_at IS 'internal';

COMMENT ON COLUMN peyk.read_tables.name IS 'internal';

COMMENT ON COLUMN peyk.read_tables.projection IS 'internal';

COMMENT ON COLUMN peyk.read_tables.tenanted IS 'internal';

COMMENT ON COLUMN read.audit.id IS 'internal';

COMMENT ON COLUMN read.audit.at_ms IS 'internal';

COMMENT ON COLUMN read.audit.event_type IS 'internal';

COMMENT ON COLUMN read.audit.tenant IS 'internal';

COMMENT ON COLUMN read.audit.actor IS 'internal';

COMMENT ON COLUMN read.audit.actor_tenant IS 'internal';

COMMENT ON COLUMN read.audit.action IS 'internal';

COMMENT ON COLUMN read.audit.resource_type IS 'internal';

COMMENT ON COLUMN read.audit.resource_id IS 'confidential';

COMMENT ON COLUMN read.audit.source_ip IS 'restricted';

COMMENT ON COLUMN read.audit.user_agent IS 'restricted';

COMMENT ON COLUMN read.audit.request IS 'internal';

COMMENT ON COLUMN read.audit.code IS 'internal';

COMMENT ON COLUMN read.audit.receipt IS 'internal';

COMMENT ON COLUMN read.audit.count IS 'internal';

COMMENT ON COLUMN read.audit.details IS 'confidential';

COMMENT ON COLUMN read.audit_subjects.subject IS 'internal';

COMMENT ON COLUMN read.audit_subjects.tenant IS 'internal';

COMMENT ON COLUMN read.audit_subjects.user_id IS 'internal';

COMMENT ON COLUMN read.audit_subjects.known IS 'confidential';

COMMENT ON COLUMN read.blocks.id IS 'internal';

COMMENT ON COLUMN read.blocks.mno IS 'public';

COMMENT ON COLUMN read.blocks.type IS 'internal';

COMMENT ON COLUMN read.blocks.first_number IS 'internal';

COMMENT ON COLUMN read.blocks.last_number IS 'internal';

COMMENT ON COLUMN read.blocks.contract IS 'internal';

COMMENT ON COLUMN read.blocks.region IS 'internal';

COMMENT ON COLUMN read.blocks.pool IS 'internal';

COMMENT ON COLUMN read.blocks.purpose IS 'internal';

COMMENT ON COLUMN read.blocks.file IS 'internal';

COMMENT ON COLUMN read.blocks.version IS 'internal';

COMMENT ON COLUMN read.blocks."position" IS 'internal';

COMMENT ON COLUMN read.blocks.updated_position IS 'internal';

COMMENT ON COLUMN read.checkpoints.projection IS 'internal';

COMMENT ON COLUMN read.checkpoints.ledger IS 'internal';

COMMENT ON COLUMN read.checkpoints.partition IS 'internal';

COMMENT ON COLUMN read.checkpoints."position" IS 'internal';

COMMENT ON COLUMN read.checkpoints.hash IS 'internal';

COMMENT ON COLUMN read.checkpoints.updated_at IS 'internal';

COMMENT ON COLUMN read.connectors.id IS 'internal';

COMMENT ON COLUMN read.connectors.operator IS 'internal';

COMMENT ON COLUMN read.connectors.name IS 'internal';

COMMENT ON COLUMN read.connectors.state IS 'internal';

COMMENT ON COLUMN read.connectors."position" IS 'internal';

COMMENT ON COLUMN read.connectors.updated_position IS 'internal';

COMMENT ON COLUMN read.contracts.id IS 'internal';

COMMENT ON COLUMN read.contracts.mno IS 'public';

COMMENT ON COLUMN read.contracts.name IS 'internal';

COMMENT ON COLUMN read.contracts.starts_ms IS 'internal';

COMMENT ON COLUMN read.contracts.ends_ms IS 'internal';

COMMENT ON COLUMN read.contracts.state IS 'internal';

COMMENT ON COLUMN read.contracts.signature_ref IS 'confidential';

COMMENT ON COLUMN read.contracts.version IS 'internal';

COMMENT ON COLUMN read.contracts."position" IS 'internal';

COMMENT ON COLUMN read.contracts.updated_position IS 'internal';

COMMENT ON COLUMN read.leases.id IS 'internal';

COMMENT ON COLUMN read.leases.number IS 'internal';

COMMENT ON COLUMN read.leases.tenant IS 'internal';

COMMENT ON COLUMN read.leases.state IS 'internal';

COMMENT ON COLUMN read.leases.reserved_at_ms IS 'internal';

COMMENT ON COLUMN read.leases.until_ms IS 'internal';

COMMENT ON COLUMN read.leases.assigned_at_ms IS 'internal';

COMMENT ON COLUMN read.leases.ended_at_ms IS 'internal';

COMMENT ON COLUMN read.leases."position" IS 'internal';

COMMENT ON COLUMN read.leases.updated_position IS 'internal';

COMMENT ON COLUMN read.messages.id IS 'internal';

COMMENT ON COLUMN read.messages.tenant IS 'internal';

COMMENT ON COLUMN read.messages.sender IS 'confidential';

COMMENT ON COLUMN read.messages.recipient_mask IS 'confidential';

COMMENT ON COLUMN read.messages.recipient_hash IS 'confidential';

COMMENT ON COLUMN read.messages.lane IS 'internal';

COMMENT ON COLUMN read.messages.encoding IS 'internal';

COMMENT ON COLUMN read.messages.segments IS 'internal';

COMMENT ON COLUMN read.messages.state IS 'internal';

COMMENT ON COLUMN read.messages.reason IS 'internal';

COMMENT ON COLUMN read.messages.connector IS 'internal';

COMMENT ON COLUMN read.messages.smsc_id IS 'confidential';

COMMENT ON COLUMN read.messages.attempts IS 'internal';

COMMENT ON COLUMN read.messages.receipt IS 'internal';

COMMENT ON COLUMN read.messages.receipt_error IS 'internal';

COMMENT ON COLUMN read.messages.accepted_at_ms IS 'internal';

COMMENT ON COLUMN read.messages.expires_at_ms IS 'internal';

COMMENT ON COLUMN read.messages.dispatched_at_ms IS 'internal';

COMMENT ON COLUMN read.messages.submitted_at_ms IS 'internal';

COMMENT ON COLUMN read.messages.final_at_ms IS 'internal';

COMMENT ON COLUMN read.messages.partition IS 'internal';

COMMENT ON COLUMN read.messages."position" IS 'internal';

COMMENT ON COLUMN read.messages.item IS 'internal';

COMMENT ON COLUMN read.messages.updated_position IS 'internal';

COMMENT ON COLUMN read.number_audit.id IS 'internal';

COMMENT ON COLUMN read.number_audit.number IS 'internal';

COMMENT ON COLUMN read.number_audit.seq IS 'internal';

COMMENT ON COLUMN read.number_audit.from_state IS 'internal';

COMMENT ON COLUMN read.number_audit.to_state IS 'internal';

COMMENT ON COLUMN read.number_audit.reason_code IS 'internal';

COMMENT ON COLUMN read.number_audit.tenant IS 'internal';

COMMENT ON COLUMN read.number_audit.lease IS 'internal';

COMMENT ON COLUMN read.number_audit.actor IS 'internal';

COMMENT ON COLUMN read.number_audit.actor_tenant IS 'internal';

COMMENT ON COLUMN read.number_audit.at_ms IS 'internal';

COMMENT ON COLUMN read.number_audit."position" IS 'internal';

COMMENT ON COLUMN read.number_audit.item IS 'internal';

COMMENT ON COLUMN read.number_audit.prev_hash IS 'internal';

COMMENT ON COLUMN read.number_audit.row_hash IS 'internal';

COMMENT ON COLUMN read.numbers.number IS 'internal';

COMMENT ON COLUMN read.numbers.block IS 'internal';

COMMENT ON COLUMN read.numbers.mno IS 'public';

COMMENT ON COLUMN read.numbers.state IS 'internal';

COMMENT ON COLUMN read.numbers.tenant IS 'internal';

COMMENT ON COLUMN read.numbers.lease IS 'internal';

COMMENT ON COLUMN read.numbers.until_ms IS 'internal';

COMMENT ON COLUMN read.numbers."position" IS 'internal';

COMMENT ON COLUMN read.numbers.updated_position IS 'internal';

COMMENT ON COLUMN read.numbers.term_months IS 'internal';

COMMENT ON COLUMN read.numbers.renewal IS 'internal';

COMMENT ON COLUMN read.numbers.type IS 'internal';

COMMENT ON COLUMN read.operator_files.file IS 'internal';

COMMENT ON COLUMN read.operator_files.block IS 'internal';

COMMENT ON COLUMN read.operator_files.mno IS 'public';

COMMENT ON COLUMN read.operator_files.rows IS 'internal';

COMMENT ON COLUMN read.operator_files.staged IS 'internal';

COMMENT ON COLUMN read.operator_files.state IS 'internal';

COMMENT ON COLUMN read.operator_files.key IS 'internal';

COMMENT ON COLUMN read.operator_files.approval IS 'internal';

COMMENT ON COLUMN read.operator_files.importer IS 'internal';

COMMENT ON COLUMN read.operator_files.opened_ms IS 'internal';

COMMENT ON COLUMN read.operator_files.ended_ms IS 'internal';

COMMENT ON COLUMN read.operator_files."position" IS 'internal';

COMMENT ON COLUMN read.operator_files.updated_position IS 'internal';

COMMENT ON COLUMN read.operators.id IS 'internal';

COMMENT ON COLUMN read.operators.name IS 'public';

COMMENT ON COLUMN read.operators.country IS 'public';

COMMENT ON COLUMN read.operators."position" IS 'internal';

COMMENT ON COLUMN read.operators.updated_position IS 'internal';

COMMENT ON COLUMN read.pools.id IS 'internal';

COMMENT ON COLUMN read.pools.name IS 'internal';

COMMENT ON COLUMN read.pools.tenants IS 'internal';

COMMENT ON COLUMN read.pools.version IS 'internal';

COMMENT ON COLUMN read.pools."position" IS 'internal';

COMMENT ON COLUMN read.pools.updated_position IS 'internal';

COMMENT ON COLUMN read.routes.id IS 'internal';

COMMENT ON COLUMN read.routes.prefix IS 'public';

COMMENT ON COLUMN read.routes.connector IS 'internal';

COMMENT ON COLUMN read.routes.priority IS 'internal';

COMMENT ON COLUMN read.routes.weight IS 'internal';

COMMENT ON COLUMN read.routes.cost_micros IS 'internal';

COMMENT ON COLUMN read.routes."position" IS 'internal';

COMMENT ON COLUMN read.routes.updated_position IS 'internal';

COMMENT ON COLUMN read.signals.id IS 'internal';

COMMENT ON COLUMN read.signals.at_ms IS 'internal';

COMMENT ON COLUMN read.signals.kind IS 'internal';

COMMENT ON COLUMN read.signals.tenant IS 'internal';

COMMENT ON COLUMN read.signals.number IS 'internal';

COMMENT ON COLUMN read.signals.recalls IS 'internal';

COMMENT ON COLUMN read.signals."position" IS 'internal';

COMMENT ON COLUMN read_a.audit.id IS 'internal';

COMMENT ON COLUMN read_a.audit.at_ms IS 'internal';

COMMENT ON COLUMN read_a.audit.event_type IS 'internal';

COMMENT ON COLUMN read_a.audit.tenant IS 'internal';

COMMENT ON COLUMN read_a.audit.actor IS 'internal';

COMMENT ON COLUMN read_a.audit.actor_tenant IS 'internal';

COMMENT ON COLUMN read_a.audit.action IS 'internal';

COMMENT ON COLUMN read_a.audit.resource_type IS 'internal';

COMMENT ON COLUMN read_a.audit.resource_id IS 'confidential';

COMMENT ON COLUMN read_a.audit.source_ip IS 'restricted';

COMMENT ON COLUMN read_a.audit.user_agent IS 'restricted';

COMMENT ON COLUMN read_a.audit.request IS 'internal';

COMMENT ON COLUMN read_a.audit.code IS 'internal';

COMMENT ON COLUMN read_a.audit.receipt IS 'internal';

COMMENT ON COLUMN read_a.audit.count IS 'internal';

COMMENT ON COLUMN read_a.audit.details IS 'confidential';

COMMENT ON COLUMN read_a.audit_subjects.subject IS 'internal';

COMMENT ON COLUMN read_a.audit_subjects.tenant IS 'internal';

COMMENT ON COLUMN read_a.audit_subjects.user_id IS 'internal';

COMMENT ON COLUMN read_a.audit_subjects.known IS 'confidential';

COMMENT ON COLUMN read_a.blocks.id IS 'internal';

COMMENT ON COLUMN read_a.blocks.mno IS 'public';

COMMENT ON COLUMN read_a.blocks.type IS 'internal';

COMMENT ON COLUMN read_a.blocks.first_number IS 'internal';

COMMENT ON COLUMN read_a.blocks.last_number IS 'internal';

COMMENT ON COLUMN read_a.blocks.contract IS 'internal';

COMMENT ON COLUMN read_a.blocks.region IS 'internal';

COMMENT ON COLUMN read_a.blocks.pool IS 'internal';

COMMENT ON COLUMN read_a.blocks.purpose IS 'internal';

COMMENT ON COLUMN read_a.blocks.file IS 'internal';

COMMENT ON COLUMN read_a.blocks.version IS 'internal';

COMMENT ON COLUMN read_a.blocks."position" IS 'internal';

COMMENT ON COLUMN read_a.blocks.updated_position IS 'internal';

COMMENT ON COLUMN read_a.connectors.id IS 'internal';

COMMENT ON COLUMN read_a.connectors.operator IS 'internal';

COMMENT ON COLUMN read_a.connectors.name IS 'internal';

COMMENT ON COLUMN read_a.connectors.state IS 'internal';

COMMENT ON COLUMN read_a.connectors."position" IS 'internal';

COMMENT ON COLUMN read_a.connectors.updated_position IS 'internal';

COMMENT ON COLUMN read_a.contracts.id IS 'internal';

COMMENT ON COLUMN read_a.contracts.mno IS 'public';

COMMENT ON COLUMN read_a.contracts.name IS 'internal';

COMMENT ON COLUMN read_a.contracts.starts_ms IS 'internal';

COMMENT ON COLUMN read_a.contracts.ends_ms IS 'internal';

COMMENT ON COLUMN read_a.contracts.state IS 'internal';

COMMENT ON COLUMN read_a.contracts.signature_ref IS 'confidential';

COMMENT ON COLUMN read_a.contracts.version IS 'internal';

COMMENT ON COLUMN read_a.contracts."position" IS 'internal';

COMMENT ON COLUMN read_a.contracts.updated_position IS 'internal';

COMMENT ON COLUMN read_a.leases.id IS 'internal';

COMMENT ON COLUMN read_a.leases.number IS 'internal';

COMMENT ON COLUMN read_a.leases.tenant IS 'internal';

COMMENT ON COLUMN read_a.leases.state IS 'internal';

COMMENT ON COLUMN read_a.leases.reserved_at_ms IS 'internal';

COMMENT ON COLUMN read_a.leases.until_ms IS 'internal';

COMMENT ON COLUMN read_a.leases.assigned_at_ms IS 'internal';

COMMENT ON COLUMN read_a.leases.ended_at_ms IS 'internal';

COMMENT ON COLUMN read_a.leases."position" IS 'internal';

COMMENT ON COLUMN read_a.leases.updated_position IS 'internal';

COMMENT ON COLUMN read_a.messages.id IS 'internal';

COMMENT ON COLUMN read_a.messages.tenant IS 'internal';

COMMENT ON COLUMN read_a.messages.sender IS 'confidential';

COMMENT ON COLUMN read_a.messages.recipient_mask IS 'confidential';

COMMENT ON COLUMN read_a.messages.recipient_hash IS 'confidential';

COMMENT ON COLUMN read_a.messages.lane IS 'internal';

COMMENT ON COLUMN read_a.messages.encoding IS 'internal';

COMMENT ON COLUMN read_a.messages.segments IS 'internal';

COMMENT ON COLUMN read_a.messages.state IS 'internal';

COMMENT ON COLUMN read_a.messages.reason IS 'internal';

COMMENT ON COLUMN read_a.messages.connector IS 'internal';

COMMENT ON COLUMN read_a.messages.smsc_id IS 'confidential';

COMMENT ON COLUMN read_a.messages.attempts IS 'internal';

COMMENT ON COLUMN read_a.messages.receipt IS 'internal';

COMMENT ON COLUMN read_a.messages.receipt_error IS 'internal';

COMMENT ON COLUMN read_a.messages.accepted_at_ms IS 'internal';

COMMENT ON COLUMN read_a.messages.expires_at_ms IS 'internal';

COMMENT ON COLUMN read_a.messages.dispatched_at_ms IS 'internal';

COMMENT ON COLUMN read_a.messages.submitted_at_ms IS 'internal';

COMMENT ON COLUMN read_a.messages.final_at_ms IS 'internal';

COMMENT ON COLUMN read_a.messages.partition IS 'internal';

COMMENT ON COLUMN read_a.messages."position" IS 'internal';

COMMENT ON COLUMN read_a.messages.item IS 'internal';

COMMENT ON COLUMN read_a.messages.updated_position IS 'internal';

COMMENT ON COLUMN read_a.number_audit.id IS 'internal';

COMMENT ON COLUMN read_a.number_audit.number IS 'internal';

COMMENT ON COLUMN read_a.number_audit.seq IS 'internal';

COMMENT ON COLUMN read_a.number_audit.from_state IS 'internal';

COMMENT ON COLUMN read_a.number_audit.to_state IS 'internal';

COMMENT ON COLUMN read_a.number_audit.reason_code IS 'internal';

COMMENT ON COLUMN read_a.number_audit.tenant IS 'internal';

COMMENT ON COLUMN read_a.number_audit.lease IS 'internal';

COMMENT ON COLUMN read_a.number_audit.actor IS 'internal';

COMMENT ON COLUMN read_a.number_audit.actor_tenant IS 'internal';

COMMENT ON COLUMN read_a.number_audit.at_ms IS 'internal';

COMMENT ON COLUMN read_a.number_audit."position" IS 'internal';

COMMENT ON COLUMN read_a.number_audit.item IS 'internal';

COMMENT ON COLUMN read_a.number_audit.prev_hash IS 'internal';

COMMENT ON COLUMN read_a.number_audit.row_hash IS 'internal';

COMMENT ON COLUMN read_a.numbers.number IS 'internal';

COMMENT ON COLUMN read_a.numbers.block IS 'internal';

COMMENT ON COLUMN read_a.numbers.mno IS 'public';

COMMENT ON COLUMN read_a.numbers.state IS 'internal';

COMMENT ON COLUMN read_a.numbers.tenant IS 'internal';

COMMENT ON COLUMN read_a.numbers.lease IS 'internal';

COMMENT ON COLUMN read_a.numbers.until_ms IS 'internal';

COMMENT ON COLUMN read_a.numbers."position" IS 'internal';

COMMENT ON COLUMN read_a.numbers.updated_position IS 'internal';

COMMENT ON COLUMN read_a.numbers.term_months IS 'internal';

COMMENT ON COLUMN read_a.numbers.renewal IS 'internal';

COMMENT ON COLUMN read_a.numbers.type IS 'internal';

COMMENT ON COLUMN read_a.operator_files.file IS 'internal';

COMMENT ON COLUMN read_a.operator_files.block IS 'internal';

COMMENT ON COLUMN read_a.operator_files.mno IS 'public';

COMMENT ON COLUMN read_a.operator_files.rows IS 'internal';

COMMENT ON COLUMN read_a.operator_files.staged IS 'internal';

COMMENT ON COLUMN read_a.operator_files.state IS 'internal';

COMMENT ON COLUMN read_a.operator_files.key IS 'internal';

COMMENT ON COLUMN read_a.operator_files.approval IS 'internal';

COMMENT ON COLUMN read_a.operator_files.importer IS 'internal';

COMMENT ON COLUMN read_a.operator_files.opened_ms IS 'internal';

COMMENT ON COLUMN read_a.operator_files.ended_ms IS 'internal';

COMMENT ON COLUMN read_a.operator_files."position" IS 'internal';

COMMENT ON COLUMN read_a.operator_files.updated_position IS 'internal';

COMMENT ON COLUMN read_a.operators.id IS 'internal';

COMMENT ON COLUMN read_a.operators.name IS 'public';

COMMENT ON COLUMN read_a.operators.country IS 'public';

COMMENT ON COLUMN read_a.operators."position" IS 'internal';

COMMENT ON COLUMN read_a.operators.updated_position IS 'internal';

COMMENT ON COLUMN read_a.pools.id IS 'internal';

COMMENT ON COLUMN read_a.pools.name IS 'internal';

COMMENT ON COLUMN read_a.pools.tenants IS 'internal';

COMMENT ON COLUMN read_a.pools.version IS 'internal';

COMMENT ON COLUMN read_a.pools."position" IS 'internal';

COMMENT ON COLUMN read_a.pools.updated_position IS 'internal';

COMMENT ON COLUMN read_a.routes.id IS 'internal';

COMMENT ON COLUMN read_a.routes.prefix IS 'public';

COMMENT ON COLUMN read_a.routes.connector IS 'internal';

COMMENT ON COLUMN read_a.routes.priority IS 'internal';

COMMENT ON COLUMN read_a.routes.weight IS 'internal';

COMMENT ON COLUMN read_a.routes.cost_micros IS 'internal';

COMMENT ON COLUMN read_a.routes."position" IS 'internal';

COMMENT ON COLUMN read_a.routes.updated_position IS 'internal';

COMMENT ON COLUMN read_a.signals.id IS 'internal';

COMMENT ON COLUMN read_a.signals.at_ms IS 'internal';

COMMENT ON COLUMN read_a.signals.kind IS 'internal';

COMMENT ON COLUMN read_a.signals.tenant IS 'internal';

COMMENT ON COLUMN read_a.signals.number IS 'internal';

COMMENT ON COLUMN read_a.signals.recalls IS 'internal';

COMMENT ON COLUMN read_a.signals."position" IS 'internal';

COMMENT ON COLUMN read_b.audit.id IS 'internal';

COMMENT ON COLUMN read_b.audit.at_ms IS 'internal';

COMMENT ON COLUMN read_b.audit.event_type IS 'internal';

COMMENT ON COLUMN read_b.audit.tenant IS 'internal';

COMMENT ON COLUMN read_b.audit.actor IS 'internal';

COMMENT ON COLUMN read_b.audit.actor_tenant IS 'internal';

COMMENT ON COLUMN read_b.audit.action IS 'internal';

COMMENT ON COLUMN read_b.audit.resource_type IS 'internal';

COMMENT ON COLUMN read_b.audit.resource_id IS 'confidential';

COMMENT ON COLUMN read_b.audit.source_ip IS 'restricted';

COMMENT ON COLUMN read_b.audit.user_agent IS 'restricted';

COMMENT ON COLUMN read_b.audit.request IS 'internal';

COMMENT ON COLUMN read_b.audit.code IS 'internal';

COMMENT ON COLUMN read_b.audit.receipt IS 'internal';

COMMENT ON COLUMN read_b.audit.count IS 'internal';

COMMENT ON COLUMN read_b.audit.details IS 'confidential';

COMMENT ON COLUMN read_b.audit_subjects.subject IS 'internal';

COMMENT ON COLUMN read_b.audit_subjects.tenant IS 'internal';

COMMENT ON COLUMN read_b.audit_subjects.user_id IS 'internal';

COMMENT ON COLUMN read_b.audit_subjects.known IS 'confidential';

COMMENT ON COLUMN read_b.blocks.id IS 'internal';

COMMENT ON COLUMN read_b.blocks.mno IS 'public';

COMMENT ON COLUMN read_b.blocks.type IS 'internal';

COMMENT ON COLUMN read_b.blocks.first_number IS 'internal';

COMMENT ON COLUMN read_b.blocks.last_number IS 'internal';

COMMENT ON COLUMN read_b.blocks.contract IS 'internal';

COMMENT ON COLUMN read_b.blocks.region IS 'internal';

COMMENT ON COLUMN read_b.blocks.pool IS 'internal';

COMMENT ON COLUMN read_b.blocks.purpose IS 'internal';

COMMENT ON COLUMN read_b.blocks.file IS 'internal';

COMMENT ON COLUMN read_b.blocks.version IS 'internal';

COMMENT ON COLUMN read_b.blocks."position" IS 'internal';

COMMENT ON COLUMN read_b.blocks.updated_position IS 'internal';

COMMENT ON COLUMN read_b.connectors.id IS 'internal';

COMMENT ON COLUMN read_b.connectors.operator IS 'internal';

COMMENT ON COLUMN read_b.connectors.name IS 'internal';

COMMENT ON COLUMN read_b.connectors.state IS 'internal';

COMMENT ON COLUMN read_b.connectors."position" IS 'internal';

COMMENT ON COLUMN read_b.connectors.updated_position IS 'internal';

COMMENT ON COLUMN read_b.contracts.id IS 'internal';

COMMENT ON COLUMN read_b.contracts.mno IS 'public';

COMMENT ON COLUMN read_b.contracts.name IS 'internal';

COMMENT ON COLUMN read_b.contracts.starts_ms IS 'internal';

COMMENT ON COLUMN read_b.contracts.ends_ms IS 'internal';

COMMENT ON COLUMN read_b.contracts.state IS 'internal';

COMMENT ON COLUMN read_b.contracts.signature_ref IS 'confidential';

COMMENT ON COLUMN read_b.contracts.version IS 'internal';

COMMENT ON COLUMN read_b.contracts."position" IS 'internal';

COMMENT ON COLUMN read_b.contracts.updated_position IS 'internal';

COMMENT ON COLUMN read_b.leases.id IS 'internal';

COMMENT ON COLUMN read_b.leases.number IS 'internal';

COMMENT ON COLUMN read_b.leases.tenant IS 'internal';

COMMENT ON COLUMN read_b.leases.state IS 'internal';

COMMENT ON COLUMN read_b.leases.reserved_at_ms IS 'internal';

COMMENT ON COLUMN read_b.leases.until_ms IS 'internal';

COMMENT ON COLUMN read_b.leases.assigned_at_ms IS 'internal';

COMMENT ON COLUMN read_b.leases.ended_at_ms IS 'internal';

COMMENT ON COLUMN read_b.leases."position" IS 'internal';

COMMENT ON COLUMN read_b.leases.updated_position IS 'internal';

COMMENT ON COLUMN read_b.messages.id IS 'internal';

COMMENT ON COLUMN read_b.messages.tenant IS 'internal';

COMMENT ON COLUMN read_b.messages.sender IS 'confidential';

COMMENT ON COLUMN read_b.messages.recipient_mask IS 'confidential';

COMMENT ON COLUMN read_b.messages.recipient_hash IS 'confidential';

COMMENT ON COLUMN read_b.messages.lane IS 'internal';

COMMENT ON COLUMN read_b.messages.encoding IS 'internal';

COMMENT ON COLUMN read_b.messages.segments IS 'internal';

COMMENT ON COLUMN read_b.messages.state IS 'internal';

COMMENT ON COLUMN read_b.messages.reason IS 'internal';

COMMENT ON COLUMN read_b.messages.connector IS 'internal';

COMMENT ON COLUMN read_b.messages.smsc_id IS 'confidential';

COMMENT ON COLUMN read_b.messages.attempts IS 'internal';

COMMENT ON COLUMN read_b.messages.receipt IS 'internal';

COMMENT ON COLUMN read_b.messages.receipt_error IS 'internal';

COMMENT ON COLUMN read_b.messages.accepted_at_ms IS 'internal';

COMMENT ON COLUMN read_b.messages.expires_at_ms IS 'internal';

COMMENT ON COLUMN read_b.messages.dispatched_at_ms IS 'internal';

COMMENT ON COLUMN read_b.messages.submitted_at_ms IS 'internal';

COMMENT ON COLUMN read_b.messages.final_at_ms IS 'internal';

COMMENT ON COLUMN read_b.messages.partition IS 'internal';

COMMENT ON COLUMN read_b.messages."position" IS 'internal';

COMMENT ON COLUMN read_b.messages.item IS 'internal';

COMMENT ON COLUMN read_b.messages.updated_position IS 'internal';

COMMENT ON COLUMN read_b.number_audit.id IS 'internal';

COMMENT ON COLUMN read_b.number_audit.number IS 'internal';

COMMENT ON COLUMN read_b.number_audit.seq IS 'internal';

COMMENT ON COLUMN read_b.number_audit.from_state IS 'internal';

COMMENT ON COLUMN read_b.number_audit.to_state IS 'internal';

COMMENT ON COLUMN read_b.number_audit.reason_code IS 'internal';

COMMENT ON COLUMN read_b.number_audit.tenant IS 'internal';

COMMENT ON COLUMN read_b.number_audit.lease IS 'internal';

COMMENT ON COLUMN read_b.number_audit.actor IS 'internal';

COMMENT ON COLUMN read_b.number_audit.actor_tenant IS 'internal';

COMMENT ON COLUMN read_b.number_audit.at_ms IS 'internal';

COMMENT ON COLUMN read_b.number_audit."position" IS 'internal';

COMMENT ON COLUMN read_b.number_audit.item IS 'internal';

COMMENT ON COLUMN read_b.number_audit.prev_hash IS 'internal';

COMMENT ON COLUMN read_b.number_audit.row_hash IS 'internal';

COMMENT ON COLUMN read_b.numbers.number IS 'internal';

COMMENT ON COLUMN read_b.numbers.block IS 'internal';

COMMENT ON COLUMN read_b.numbers.mno IS 'public';

COMMENT ON COLUMN read_b.numbers.state IS 'internal';

COMMENT ON COLUMN read_b.numbers.tenant IS 'internal';

COMMENT ON COLUMN read_b.numbers.lease IS 'internal';

COMMENT ON COLUMN read_b.numbers.until_ms IS 'internal';

COMMENT ON COLUMN read_b.numbers."position" IS 'internal';

COMMENT ON COLUMN read_b.numbers.updated_position IS 'internal';

COMMENT ON COLUMN read_b.numbers.term_months IS 'internal';

COMMENT ON COLUMN read_b.numbers.renewal IS 'internal';

COMMENT ON COLUMN read_b.numbers.type IS 'internal';

COMMENT ON COLUMN read_b.operator_files.file IS 'internal';

COMMENT ON COLUMN read_b.operator_files.block IS 'internal';

COMMENT ON COLUMN read_b.operator_files.mno IS 'public';

COMMENT ON COLUMN read_b.operator_files.rows IS 'internal';

COMMENT ON COLUMN read_b.operator_files.staged IS 'internal';

COMMENT ON COLUMN read_b.operator_files.state IS 'internal';

COMMENT ON COLUMN read_b.operator_files.key IS 'internal';

COMMENT ON COLUMN read_b.operator_files.approval IS 'internal';

COMMENT ON COLUMN read_b.operator_files.importer IS 'internal';

COMMENT ON COLUMN read_b.operator_files.opened_ms IS 'internal';

COMMENT ON COLUMN read_b.operator_files.ended_ms IS 'internal';

COMMENT ON COLUMN read_b.operator_files."position" IS 'internal';

COMMENT ON COLUMN read_b.operator_files.updated_position IS 'internal';

COMMENT ON COLUMN read_b.operators.id IS 'internal';

COMMENT ON COLUMN read_b.operators.name IS 'public';

COMMENT ON COLUMN read_b.operators.country IS 'public';

COMMENT ON COLUMN read_b.operators."position" IS 'internal';

COMMENT ON COLUMN read_b.operators.updated_position IS 'internal';

COMMENT ON COLUMN read_b.pools.id IS 'internal';

COMMENT ON COLUMN read_b.pools.name IS 'internal';

COMMENT ON COLUMN read_b.pools.tenants IS 'internal';

COMMENT ON COLUMN read_b.pools.version IS 'internal';

COMMENT ON COLUMN read_b.pools."position" IS 'internal';

COMMENT ON COLUMN read_b.pools.updated_position IS 'internal';

COMMENT ON COLUMN read_b.routes.id IS 'internal';

COMMENT ON COLUMN read_b.routes.prefix IS 'public';

COMMENT ON COLUMN read_b.routes.connector IS 'internal';

COMMENT ON COLUMN read_b.routes.priority IS 'internal';

COMMENT ON COLUMN read_b.routes.weight IS 'internal';

COMMENT ON COLUMN read_b.routes.cost_micros IS 'internal';

COMMENT ON COLUMN read_b.routes."position" IS 'internal';

COMMENT ON COLUMN read_b.routes.updated_position IS 'internal';

COMMENT ON COLUMN read_b.signals.id IS 'internal';

COMMENT ON COLUMN read_b.signals.at_ms IS 'internal';

COMMENT ON COLUMN read_b.signals.kind IS 'internal';

COMMENT ON COLUMN read_b.signals.tenant IS 'internal';

COMMENT ON COLUMN read_b.signals.number IS 'internal';

COMMENT ON COLUMN read_b.signals.recalls IS 'internal';

COMMENT ON COLUMN read_b.signals."position" IS 'internal';

CREATE TRIGGER add_alone BEFORE INSERT ON read_a.number_audit FOR EACH STATEMENT EXECUTE FUNCTION peyk.add_alone();
ALTER TABLE read_a.number_audit ENABLE ALWAYS TRIGGER add_alone;

CREATE TRIGGER chain BEFORE INSERT ON read_a.number_audit FOR EACH ROW EXECUTE FUNCTION read_a.chain_number_audit();
ALTER TABLE read_a.number_audit ENABLE ALWAYS TRIGGER chain;

CREATE TRIGGER refuse_change BEFORE DELETE OR UPDATE ON read_a.number_audit FOR EACH STATEMENT EXECUTE FUNCTION peyk.refuse_change();
ALTER TABLE read_a.number_audit ENABLE ALWAYS TRIGGER refuse_change;

CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON read_a.number_audit FOR EACH STATEMENT EXECUTE FUNCTION peyk.refuse_truncate();
ALTER TABLE read_a.number_audit ENABLE ALWAYS TRIGGER refuse_truncate;

CREATE TRIGGER add_alone BEFORE INSERT ON read_b.number_audit FOR EACH STATEMENT EXECUTE FUNCTION peyk.add_alone();
ALTER TABLE read_b.number_audit ENABLE ALWAYS TRIGGER add_alone;

CREATE TRIGGER chain BEFORE INSERT ON read_b.number_audit FOR EACH ROW EXECUTE FUNCTION read_b.chain_number_audit();
ALTER TABLE read_b.number_audit ENABLE ALWAYS TRIGGER chain;

CREATE TRIGGER refuse_change BEFORE DELETE OR UPDATE ON read_b.number_audit FOR EACH STATEMENT EXECUTE FUNCTION peyk.refuse_change();
ALTER TABLE read_b.number_audit ENABLE ALWAYS TRIGGER refuse_change;

CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON read_b.number_audit FOR EACH STATEMENT EXECUTE FUNCTION peyk.refuse_truncate();
ALTER TABLE read_b.number_audit ENABLE ALWAYS TRIGGER refuse_truncate;

CREATE POLICY of_tenant ON read_a.audit AS PERMISSIVE FOR ALL TO public USING (((tenant = ( SELECT (NULLIF(current_setting('app.current_tenant_id'::text, true), ''::text))::uuid AS "nullif")) OR (( SELECT current_setting('app.all_tenants'::text, true) AS current_setting) = 'audit'::text)));

CREATE POLICY of_tenant ON read_a.audit_subjects AS PERMISSIVE FOR ALL TO public USING ((tenant = ( SELECT (NULLIF(current_setting('app.current_tenant_id'::text, true), ''::text))::uuid AS "nullif")));

CREATE POLICY of_a_whole_file ON read_a.blocks AS RESTRICTIVE FOR SELECT TO peyk_reader USING (((file IS NULL) OR (file IN ( SELECT whole.file
   FROM read_a.operator_files whole
  WHERE (whole.state = 'closed'::text)))));

CREATE POLICY of_platform ON read_a.blocks AS PERMISSIVE FOR ALL TO public USING ((( SELECT current_setting('app.all_tenants'::text, true) AS current_setting) = 'allocation'::text));

CREATE POLICY of_platform ON read_a.contracts AS PERMISSIVE FOR ALL TO public USING ((( SELECT current_setting('app.all_tenants'::text, true) AS current_setting) = 'allocation'::text));

CREATE POLICY of_tenant ON read_a.leases AS PERMISSIVE FOR ALL TO public USING ((tenant = ( SELECT (NULLIF(current_setting('app.current_tenant_id'::text, true), ''::text))::uuid AS "nullif")));

CREATE POLICY of_tenant ON read_a.messages AS PERMISSIVE FOR ALL TO public USING ((tenant = ( SELECT (NULLIF(current_setting('app.current_tenant_id'::text, true), ''::text))::uuid AS "nullif")));

CREATE POLICY of_tenant ON read_a.number_audit AS PERMISSIVE FOR ALL TO public USING (((tenant = ( SELECT (NULLIF(current_setting('app.current_tenant_id'::text, true), ''::text))::uuid AS "nullif")) OR (( SELECT current_setting('app.all_tenants'::text, true) AS current_setting) = 'number_audit'::text)));

CREATE POLICY of_a_pool ON read_a.numbers AS RESTRICTIVE FOR SELECT TO peyk_reader USING (((block IS NULL) OR (tenant IS NOT NULL) OR (( SELECT current_setting('app.all_tenants'::text, true) AS current_setting) = 'numbers'::text) OR (NOT (block IN ( SELECT withheld.withheld
   FROM read_a.blocks_withheld(( SELECT (NULLIF(current_setting('app.current_tenant_id'::text, true), ''::text))::uuid AS "nullif")) withheld(withheld))))));

CREATE POLICY of_a_whole_file ON read_a.numbers AS RESTRICTIVE FOR SELECT TO peyk_reader USING (((block IS NULL) OR (NOT (block IN ( SELECT hidden.block
   FROM read_a.operator_files hidden
  WHERE (hidden.state = ANY (ARRAY['open'::text, 'clearing'::text])))))));

CREATE POLICY of_tenant ON read_a.numbers AS PERMISSIVE FOR ALL TO public USING (((tenant = ( SELECT (NULLIF(current_setting('app.current_tenant_id'::text, true), ''::text))::uuid AS "nullif")) OR ((tenant IS NULL) AND (( SELECT (NULLIF(current_setting('app.current_tenant_id'::text, true), ''::text))::uuid AS "nullif") IS NOT NULL) AND ((state = 'available'::text) OR (( SELECT current_setting('app.all_tenants'::text, true) AS current_setting) = 'numbers'::text)))));

CREATE POLICY of_platform ON read_a.pools AS PERMISSIVE FOR ALL TO public USING ((( SELECT current_setting('app.all_tenants'::text, true) AS current_setting) = 'allocation'::text));

CREATE POLICY of_tenant ON read_a.signals AS PERMISSIVE FOR ALL TO public USING (((tenant = ( SELECT (NULLIF(current_setting('app.current_tenant_id'::text, true), ''::text))::uuid AS "nullif")) OR (( SELECT current_setting('app.all_tenants'::text, true) AS current_setting) = 'signals'::text)));

CREATE POLICY of_tenant ON read_b.audit AS PERMISSIVE FOR ALL TO public USING (((tenant = ( SELECT (NULLIF(current_setting('app.current_tenant_id'::text, true), ''::text))::uuid AS "nullif")) OR (( SELECT current_setting('app.all_tenants'::text, true) AS current_setting) = 'audit'::text)));

CREATE POLICY of_tenant ON read_b.audit_subjects AS PERMISSIVE FOR ALL TO public USING ((tenant = ( SELECT (NULLIF(current_setting('app.current_tenant_id'::text, true), ''::text))::uuid AS "nullif")));

CREATE POLICY of_a_whole_file ON read_b.blocks AS RESTRICTIVE FOR SELECT TO peyk_reader USING (((file IS NULL) OR (file IN ( SELECT whole.file
   FROM read_b.operator_files whole
  WHERE (whole.state = 'closed'::text)))));

CREATE POLICY of_platform ON read_b.blocks AS PERMISSIVE FOR ALL TO public USING ((( SELECT current_setting('app.all_tenants'::text, true) AS current_setting) = 'allocation'::text));

CREATE POLICY of_platform ON read_b.contracts AS PERMISSIVE FOR ALL TO public USING ((( SELECT current_setting('app.all_tenants'::text, true) AS current_setting) = 'allocation'::text));

CREATE POLICY of_tenant ON read_b.leases AS PERMISSIVE FOR ALL TO public USING ((tenant = ( SELECT (NULLIF(current_setting('app.current_tenant_id'::text, true), ''::text))::uuid AS "nullif")));

CREATE POLICY of_tenant ON read_b.messages AS PERMISSIVE FOR ALL TO public USING ((tenant = ( SELECT (NULLIF(current_setting('app.current_tenant_id'::text, true), ''::text))::uuid AS "nullif")));

CREATE POLICY of_tenant ON read_b.number_audit AS PERMISSIVE FOR ALL TO public USING (((tenant = ( SELECT (NULLIF(current_setting('app.current_tenant_id'::text, true), ''::text))::uuid AS "nullif")) OR (( SELECT current_setting('app.all_tenants'::text, true) AS current_setting) = 'number_audit'::text)));

CREATE POLICY of_a_pool ON read_b.numbers AS RESTRICTIVE FOR SELECT TO peyk_reader USING (((block IS NULL) OR (tenant IS NOT NULL) OR (( SELECT current_setting('app.all_tenants'::text, true) AS current_setting) = 'numbers'::text) OR (NOT (block IN ( SELECT withheld.withheld
   FROM read_b.blocks_withheld(( SELECT (NULLIF(current_setting('app.current_tenant_id'::text, true), ''::text))::uuid AS "nullif")) withheld(withheld))))));

CREATE POLICY of_a_whole_file ON read_b.numbers AS RESTRICTIVE FOR SELECT TO peyk_reader USING (((block IS NULL) OR (NOT (block IN ( SELECT hidden.block
   FROM read_b.operator_files hidden
  WHERE (hidden.state = ANY (ARRAY['open'::text, 'clearing'::text])))))));

CREATE POLICY of_tenant ON read_b.numbers AS PERMISSIVE FOR ALL TO public USING (((tenant = ( SELECT (NULLIF(current_setting('app.current_tenant_id'::text, true), ''::text))::uuid AS "nullif")) OR ((tenant IS NULL) AND (( SELECT (NULLIF(current_setting('app.current_tenant_id'::text, true), ''::text))::uuid AS "nullif") IS NOT NULL) AND ((state = 'available'::text) OR (( SELECT current_setting('app.all_tenants'::text, true) AS current_setting) = 'numbers'::text)))));

CREATE POLICY of_platform ON read_b.pools AS PERMISSIVE FOR ALL TO public USING ((( SELECT current_setting('app.all_tenants'::text, true) AS current_setting) = 'allocation'::text));

CREATE POLICY of_tenant ON read_b.signals AS PERMISSIVE FOR ALL TO public USING (((tenant = ( SELECT (NULLIF(current_setting('app.current_tenant_id'::text, true), ''::text))::uuid AS "nullif")) OR (( SELECT current_setting('app.all_tenants'::text, true) AS current_setting) = 'signals'::text)));
