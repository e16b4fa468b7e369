//! What an acknowledged command survives, and what is not opened, told and mended when servers, streams or disks are not as
//! they should be.
mod cluster;
mod declared;
mod place;
mod restored;
mod settings;
mod standby;
mod witness;
