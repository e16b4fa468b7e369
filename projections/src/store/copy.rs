//! Rows in the binary format of COPY (PostgreSQL manual, COPY, "Binary Format"), fields encoded by `postgres-types`.
use super::{Cell, Row, StoreError};
use bytes::{BufMut, Bytes, BytesMut};
use postgres_types::{IsNull, ToSql, Type, to_sql_checked};
use sqlx::PgConnection;
use std::error::Error;

const SIGNATURE: &[u8] = b"PGCOPY\n\xff\r\n\0";
/// Stands for the length of a field that is null, and for the number of fields where the rows end.
const NULL: i32 = -1;
const END: i16 = -1;
/// Bytes to gather before they go to the server.
const CHUNK_BYTES: usize = 256 * 1024;

#[derive(Debug)]
struct UuidBytes([u8; 16]);

impl ToSql for UuidBytes {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        out.put_slice(&self.0);
        Ok(IsNull::No)
    }

    fn accepts(ty: &Type) -> bool {
        *ty == Type::UUID
    }

    to_sql_checked!();
}

fn encode_cell(cell: &Cell, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
    match cell {
        Cell::Uuid(value) => value.map(UuidBytes).to_sql_checked(&Type::UUID, out),
        Cell::BigInt(value) => value.to_sql_checked(&Type::INT8, out),
        Cell::Integer(value) => value.to_sql_checked(&Type::INT4, out),
        Cell::Text(value) => value.to_sql_checked(&Type::TEXT, out),
        Cell::Bytes(value) => value.to_sql_checked(&Type::BYTEA, out),
        Cell::Json(value) => value.to_sql_checked(&Type::JSONB, out),
    }
}

fn unencodable(reason: Box<dyn Error + Sync + Send>) -> sqlx::Error {
    sqlx::Error::Encode(reason)
}

fn encode_row(cells: &[Cell], out: &mut BytesMut) -> Result<(), sqlx::Error> {
    out.put_i16(i16::try_from(cells.len()).map_err(|error| unencodable(error.into()))?);
    for cell in cells {
        let length_at = out.len();
        out.put_i32(NULL);
        if let IsNull::No = encode_cell(cell, out).map_err(unencodable)? {
            let length = i32::try_from(out.len() - length_at - 4).map_err(|error| unencodable(error.into()))?;
            out[length_at..length_at + 4].copy_from_slice(&length.to_be_bytes());
        }
    }
    Ok(())
}

fn header() -> BytesMut {
    let mut out = BytesMut::with_capacity(CHUNK_BYTES + 4096);
    out.put_slice(SIGNATURE);
    // No flags, no header extension.
    out.put_i32(0);
    out.put_i32(0);
    out
}

/// Copies rows that are not in the table yet. Must run inside the transaction that also moves the checkpoint.
pub(super) async fn copy<R: Row>(connection: &mut PgConnection, rows: &[&R]) -> Result<(), StoreError> {
    if rows.is_empty() {
        return Ok(());
    }
    let statement = format!("COPY {} ({}) FROM STDIN (FORMAT BINARY)", R::TABLE.name, R::TABLE.column_list());
    let mut copy = connection.copy_in_raw(&statement).await?;
    let mut out = header();
    for row in rows {
        if let Err(error) = encode_row(&row.cells(), &mut out) {
            copy.abort("a row could not be encoded").await?;
            return Err(error.into());
        }
        if out.len() >= CHUNK_BYTES {
            copy.send(Bytes::from(out.split())).await?;
        }
    }
    out.put_i16(END);
    copy.send(Bytes::from(out.split())).await?;
    copy.finish().await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodes_the_binary_format_byte_by_byte() {
        let mut out = header();
        let row = [
            Cell::BigInt(Some(7)),
            Cell::Integer(None),
            Cell::Text(Some("ab".to_owned())),
            Cell::Bytes(Some(vec![1, 2, 3])),
            Cell::Uuid(Some([9; 16])),
        ];
        encode_row(&row, &mut out).expect("encodable");
        let mut expected = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0".to_vec();
        expected.extend([0, 5]);
        expected.extend([0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 7]);
        expected.extend([0xff; 4]);
        expected.extend([0, 0, 0, 2, b'a', b'b']);
        expected.extend([0, 0, 0, 3, 1, 2, 3]);
        expected.extend([0, 0, 0, 16]);
        expected.extend([9; 16]);
        assert_eq!(out.as_ref(), expected);
    }
}
